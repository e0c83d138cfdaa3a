import { expect, test } from 'vitest';
import { Fft } from './fft.ts';

test('the transform equals the definition of the discrete Fourier transform', () => {
  const length = 400;
  const re = Float64Array.from({ length }, (_, i) => Math.sin(i * 0.37) + (i % 7));
  const im = Float64Array.from({ length }, (_, i) => Math.cos(i * 1.1) - (i % 3));
  const [gotRe, gotIm] = [re.slice(), im.slice()];
  new Fft(length).transform(gotRe, gotIm);
  for (let k = 0; k < length; k += 1) {
    let [wantRe, wantIm] = [0, 0];
    for (let n = 0; n < length; n += 1) {
      const angle = (-2 * Math.PI * k * n) / length;
      wantRe += re[n]! * Math.cos(angle) - im[n]! * Math.sin(angle);
      wantIm += re[n]! * Math.sin(angle) + im[n]! * Math.cos(angle);
    }
    expect(gotRe[k]).toBeCloseTo(wantRe, 6);
    expect(gotIm[k]).toBeCloseTo(wantIm, 6);
  }
});

test('a length with another factor is refused', () => {
  expect(() => new Fft(12)).toThrow('12 points');
});
