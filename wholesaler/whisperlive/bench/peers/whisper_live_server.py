"""WhisperLive's server with given weights: whisper_live_server.py MODEL_DIR PORT

Each line on standard input is answered with the CPU seconds used so far and the memory in use, as JSON.
"""
import json
import sys
import threading
import time

from whisper_live.server import TranscriptionServer


def answer():
    for _ in sys.stdin:
        with open("/proc/self/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[1])
        print(json.dumps({"cpu": time.process_time(), "rss": pages * 4096}), flush=True)


threading.Thread(target=answer, daemon=True).start()
TranscriptionServer().run(
    "127.0.0.1",
    port=int(sys.argv[2]),
    backend="faster_whisper",
    faster_whisper_custom_model_path=sys.argv[1],
    single_model=True,
    max_clients=64,
    max_connection_time=3600,
)
