/** About -55 dB of full scale: below a quiet voice, above what a codec makes of silence. */
const soundRms = 58;

export const isSound = (samples: Int16Array): boolean => {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length) > soundRms;
};

/** A muted microphone and a track nobody speaks into arrive as exact zeros. */
export const isDigitalSilence = (samples: Int16Array): boolean => samples.every((sample) => sample === 0);
