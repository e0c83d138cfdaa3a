"""faster-whisper behind standard input and output: one JSON request a line, one JSON answer a line.

{"dir": MODEL, "threads": N} loads; {"clips": [{"pcm": FILE, "language": CODE}], "batch": N} transcribes raw float32 at
16 kHz: one after the other as its users do, or with `batch` above 1 that many clips at once in its batched pipeline.
"""
import json
import resource
import sys
import time

import numpy as np
from faster_whisper import BatchedInferencePipeline, WhisperModel

RATE = 16000
GREEDY = dict(beam_size=1, temperature=0, without_timestamps=True, condition_on_previous_text=False)


def one_by_one(model, clips):
    texts = []
    for clip in clips:
        segments, _ = model.transcribe(clip["audio"], language=clip["language"], **GREEDY)
        texts.append("".join(segment.text for segment in segments).strip())
    return texts


def batched(model, clips, size):
    """Clips of one language lie behind each other in one audio, which the pipeline takes apart again."""
    pipeline = BatchedInferencePipeline(model)
    texts = [""] * len(clips)
    for language in sorted({clip["language"] for clip in clips}):
        chosen = [i for i, clip in enumerate(clips) if clip["language"] == language]
        ends = np.cumsum([len(clips[i]["audio"]) for i in chosen])
        stamps = [{"start": (end - len(clips[i]["audio"])) / RATE, "end": end / RATE} for i, end in zip(chosen, ends)]
        audio = np.concatenate([clips[i]["audio"] for i in chosen])
        segments, _ = pipeline.transcribe(
            audio, language=language, clip_timestamps=stamps, vad_filter=False, batch_size=size, **GREEDY
        )
        for segment in segments:
            where = int(np.searchsorted(ends, (segment.start + 0.05) * RATE, side="right"))
            texts[chosen[min(where, len(chosen) - 1)]] += segment.text
    return [text.strip() for text in texts]


model = None
for line in sys.stdin:
    request = json.loads(line)
    cpu, wall = time.process_time(), time.perf_counter()
    try:
        if "dir" in request:
            model = WhisperModel(request["dir"], device="cpu", compute_type="int8", cpu_threads=request["threads"])
            texts = []
        else:
            for clip in request["clips"]:
                clip["audio"] = np.fromfile(clip["pcm"], dtype=np.float32)
            cpu, wall = time.process_time(), time.perf_counter()
            size = request.get("batch", 1)
            texts = batched(model, request["clips"], size) if size > 1 else one_by_one(model, request["clips"])
        rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = {"texts": texts, "cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "peakKiB": rss}
    except Exception as error:  # the caller decides what a failure means
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
