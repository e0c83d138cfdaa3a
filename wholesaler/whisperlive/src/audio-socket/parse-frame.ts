import { AudioControl, audioSampleRate, endOfAudio } from '@vexa/shared/contracts/audio';

export type Frame =
  | { kind: 'audio'; samples: Float32Array }
  | { kind: 'control'; control: AudioControl }
  | { kind: 'end' }
  | { kind: 'problem'; message: string };

const maxFrameSeconds = 16;
const maxFrameBytes = maxFrameSeconds * audioSampleRate * 4;
// Decoded audio is within ±1; a little over happens after mixing, far over means another sample format.
const maxAmplitude = 8;

const problem = (message: string): Frame => ({ kind: 'problem', message });

/** Reads one message after the first: audio, a control, the end, or what is wrong with it. */
export function parseFrame(data: Buffer, isBinary: boolean): Frame {
  if (data.length === endOfAudio.length && data.toString('latin1') === endOfAudio) return { kind: 'end' };
  return isBinary ? parseAudio(data) : parseControl(data.toString('utf8'));
}

function parseAudio(data: Buffer): Frame {
  if (data.length === 0 || data.length % 4 !== 0) {
    return problem(`An audio frame must be float32 samples: ${data.length} bytes are not a multiple of 4.`);
  }
  if (data.length > maxFrameBytes) {
    return problem(`An audio frame may hold ${maxFrameSeconds} s at most; this one has ${data.length} bytes.`);
  }
  const samples = new Float32Array(data.length / 4);
  for (let i = 0; i < samples.length; i += 1) {
    const sample = data.readFloatLE(i * 4);
    if (!(Math.abs(sample) <= maxAmplitude)) {
      return problem(`Sample ${i} of an audio frame is ${sample}: samples must be float32 from -1 to 1.`);
    }
    samples[i] = sample;
  }
  return { kind: 'audio', samples };
}

function parseControl(text: string): Frame {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return problem('A text frame must be JSON.');
  }
  const control = AudioControl.safeParse(json);
  if (control.success) return { kind: 'control', control: control.data };
  const fields = control.error.issues.map((issue) => `${issue.path.join('.') || 'message'}: ${issue.message}`);
  return problem(`Unknown or invalid control message (${fields.slice(0, 3).join('; ')}).`);
}
