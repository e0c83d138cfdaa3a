interface Complex {
  re: Float64Array;
  im: Float64Array;
}

/** One pass of the transform: `groups` butterflies of `radix` points, each repeated over `stride` neighbours. */
interface Stage {
  radix: 4 | 5;
  groups: number;
  stride: number;
}

const cos1 = Math.cos((2 * Math.PI) / 5);
const cos2 = Math.cos((4 * Math.PI) / 5);
const sin1 = Math.sin((2 * Math.PI) / 5);
const sin2 = Math.sin((4 * Math.PI) / 5);

/**
 * Complex discrete Fourier transform of one length made of factors 4 and 5, in place of the caller's arrays.
 * Stockham's self-sorting form: every stage reads one pair of arrays and writes the other, no bit reversal.
 */
export class Fft {
  readonly length: number;
  readonly #stages: Stage[];
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;
  readonly #spare: Complex;

  constructor(length: number) {
    this.length = length;
    this.#stages = stagesOf(length);
    this.#cos = Float64Array.from({ length }, (_, i) => Math.cos((2 * Math.PI * i) / length));
    this.#sin = Float64Array.from({ length }, (_, i) => -Math.sin((2 * Math.PI * i) / length));
    this.#spare = { re: new Float64Array(length), im: new Float64Array(length) };
  }

  /** Replaces `re` and `im` by their transform. */
  transform(re: Float64Array, im: Float64Array): void {
    let from: Complex = { re, im };
    let to = this.#spare;
    for (const stage of this.#stages) {
      if (stage.radix === 4) this.#fours(stage, from, to);
      else this.#fives(stage, from, to);
      [from, to] = [to, from];
    }
    if (from.re === re) return;
    re.set(from.re);
    im.set(from.im);
  }

  #fours({ groups, stride }: Stage, { re, im }: Complex, to: Complex): void {
    const step = stride * groups;
    for (let p = 0; p < groups; p += 1) {
      for (let q = 0; q < stride; q += 1) {
        const i = q + stride * p;
        const ar = at(re, i) + at(re, i + 2 * step);
        const ai = at(im, i) + at(im, i + 2 * step);
        const br = at(re, i) - at(re, i + 2 * step);
        const bi = at(im, i) - at(im, i + 2 * step);
        const cr = at(re, i + step) + at(re, i + 3 * step);
        const ci = at(im, i + step) + at(im, i + 3 * step);
        const dr = at(re, i + step) - at(re, i + 3 * step);
        const di = at(im, i + step) - at(im, i + 3 * step);
        const out = q + stride * 4 * p;
        this.#put(to, out, ar + cr, ai + ci, 0);
        this.#put(to, out + stride, br + di, bi - dr, p * stride);
        this.#put(to, out + 2 * stride, ar - cr, ai - ci, 2 * p * stride);
        this.#put(to, out + 3 * stride, br - di, bi + dr, 3 * p * stride);
      }
    }
  }

  #fives({ groups, stride }: Stage, { re, im }: Complex, to: Complex): void {
    const step = stride * groups;
    for (let p = 0; p < groups; p += 1) {
      for (let q = 0; q < stride; q += 1) {
        const i = q + stride * p;
        const xr = at(re, i);
        const xi = at(im, i);
        const ar = at(re, i + step) + at(re, i + 4 * step);
        const ai = at(im, i + step) + at(im, i + 4 * step);
        const br = at(re, i + 2 * step) + at(re, i + 3 * step);
        const bi = at(im, i + 2 * step) + at(im, i + 3 * step);
        const cr = at(re, i + step) - at(re, i + 4 * step);
        const ci = at(im, i + step) - at(im, i + 4 * step);
        const dr = at(re, i + 2 * step) - at(re, i + 3 * step);
        const di = at(im, i + 2 * step) - at(im, i + 3 * step);
        const er = xr + cos1 * ar + cos2 * br;
        const ei = xi + cos1 * ai + cos2 * bi;
        const fr = xr + cos2 * ar + cos1 * br;
        const fi = xi + cos2 * ai + cos1 * bi;
        const gr = sin1 * ci + sin2 * di;
        const gi = sin1 * cr + sin2 * dr;
        const hr = sin2 * ci - sin1 * di;
        const hi = sin2 * cr - sin1 * dr;
        const out = q + stride * 5 * p;
        this.#put(to, out, xr + ar + br, xi + ai + bi, 0);
        this.#put(to, out + stride, er + gr, ei - gi, p * stride);
        this.#put(to, out + 2 * stride, fr + hr, fi - hi, 2 * p * stride);
        this.#put(to, out + 3 * stride, fr - hr, fi + hi, 3 * p * stride);
        this.#put(to, out + 4 * stride, er - gr, ei + gi, 4 * p * stride);
      }
    }
  }

  /** Stores a value turned by the `twiddle`-th root of unity. */
  #put(to: Complex, index: number, re: number, im: number, twiddle: number): void {
    const cos = at(this.#cos, twiddle);
    const sin = at(this.#sin, twiddle);
    to.re[index] = re * cos - im * sin;
    to.im[index] = re * sin + im * cos;
  }
}

/** Every index here is within the arrays by construction; the cast keeps a check out of the innermost loop. */
const at = (array: Float64Array, index: number): number => array[index] as number;

function stagesOf(length: number): Stage[] {
  const stages: Stage[] = [];
  let rest = length;
  for (const radix of [4, 5] as const) {
    while (rest % radix === 0) {
      rest /= radix;
      stages.push({ radix, groups: 0, stride: 0 });
    }
  }
  if (rest !== 1) throw new Error(`a transform of ${length} points is not supported`);
  let stride = 1;
  let remaining = length;
  for (const stage of stages) {
    stage.groups = remaining / stage.radix;
    stage.stride = stride;
    remaining = stage.groups;
    stride *= stage.radix;
  }
  return stages;
}
