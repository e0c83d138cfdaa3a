"""Writes when each word of each recording is spoken: usage word_times.py MODEL_DIR MANIFEST.tsv... > word-times.json

The reference text itself is aligned with the audio (cross-attention and dynamic time warping), so the words are those of
the manifest, and a word's end is good to about a tenth of a second. Recordings over 30 s or without text are left out.
"""
import csv
import json
import os
import sys

import numpy as np
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio, pad_or_trim
from faster_whisper.tokenizer import Tokenizer
from faster_whisper.vad import VadOptions, get_speech_timestamps

RATE = 16000
model = WhisperModel(sys.argv[1], device="cpu", compute_type="float32", cpu_threads=os.cpu_count())
times = {}
for manifest in sys.argv[2:]:
    folder = os.path.dirname(manifest)
    with open(manifest, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    for row in rows:
        path = os.path.join(folder, row["file"])
        if not os.path.exists(path):
            path = os.path.join(folder, "clips", row["file"])
        audio = decode_audio(path, sampling_rate=RATE)
        seconds = len(audio) / RATE
        text = row["reference"].strip().strip('"')
        if row["file"] in times or not text or seconds > 29.9:
            continue
        tokenizer = Tokenizer(model.hf_tokenizer, True, task="transcribe", language=row["lang"])
        features = model.feature_extractor(audio)[:, :-1]
        encoded = model.encode(pad_or_trim(features))
        # Capitals alone are split into rare tokens that the model aligns badly.
        spoken = text.lower() if text.isupper() else text
        tokens = tokenizer.encode(" " + spoken)
        aligned = model.find_alignment(tokenizer, [tokens], encoded, features.shape[-1])[0]
        speech = get_speech_timestamps(audio, VadOptions(speech_pad_ms=0, min_silence_duration_ms=100))
        last = speech[-1]["end"] / RATE if speech else seconds
        words = [[w["word"].strip(), round(float(w["start"]), 2), round(min(float(w["end"]), last), 2)] for w in aligned]
        times[row["file"]] = {"speechEnd": round(last, 2), "words": [w for w in words if w[0]]}
json.dump(times, sys.stdout, ensure_ascii=False, separators=(",", ":"))
