import type { InferenceSession } from 'onnxruntime-node';
import type { WhisperPrecision } from '../graphs/precision.ts';

/** Where a model runs: on the processor, or through ONNX Runtime's CUDA provider on the first visible NVIDIA card. */
export const devices = ['cpu', 'cuda'] as const;
export type Device = (typeof devices)[number];

const usualPrecision: Record<Device, WhisperPrecision> = { cpu: 'int8', cuda: 'fp16' };
/** What runs, but worse than what it would be chosen for. */
const unsuited: Record<Device, Partial<Record<WhisperPrecision, string>>> = {
  cpu: {
    fp16: 'a processor converts every float16 number to float32 and back, twice as slow as fp32; take int8 or fp32',
  },
  cuda: {
    int8: 'the 8-bit operators exist for processors only, so every layer would wait for the other side; take fp16 or fp32',
  },
};

/** The precision for a device: the one asked for, or what suits the device. Throws when the two do not go together. */
export function precisionFor(device: Device, asked: WhisperPrecision | undefined): WhisperPrecision {
  const precision = asked ?? usualPrecision[device];
  const why = unsuited[device][precision];
  if (why !== undefined) throw new RangeError(`${precision} is not for ${device}: ${why}`);
  return precision;
}

export interface Compute {
  device: Device;
  /** Those of the processor, for one call. */
  threads: number;
}

/** How ONNX Runtime runs a model's graphs. */
export function sessionOptions({ device, threads }: Compute): InferenceSession.SessionOptions {
  return {
    // What CUDA has no operator for, such as the loop's own bookkeeping, stays on the processor.
    executionProviders: device === 'cuda' ? [{ name: 'cuda', deviceId: 0 }, 'cpu'] : ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
    // Threads that spin while they wait gain nothing on an idle machine and, on a shared one, take the cores from what
    // they wait for: with two busy processes on two cores a decode took three times as long.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

/** A missing CUDA library is the likeliest of reasons, and ONNX Runtime names it on stderr only. */
export function explainDevice(device: Device, error: unknown): unknown {
  if (device === 'cpu' || !(error instanceof Error)) return error;
  return new Error(
    `WHISPER_DEVICE=cuda cannot be used: ${error.message}. It needs Linux on x64, an NVIDIA driver, CUDA 12 and cuDNN 9 ` +
      'on the library path, and ONNX Runtime with them: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node',
    { cause: error },
  );
}
