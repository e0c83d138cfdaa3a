"""WhisperLive's faster-whisper backend asks torch one thing only: whether there is a GPU. Torch itself is gigabytes."""


class cuda:  # noqa: N801 (the name is torch's)
    @staticmethod
    def is_available():
        return False
