import { expect, test } from 'vitest';
import { createSegmentFilter } from '../filters/segment-filter.ts';
import type { Session } from '../sessions/session.ts';
import { planFlush } from './plan-flush.ts';
import type { MutableSegment } from './stored-segment.ts';

const nowMs = 1_000_000;

const held = (n: number, changes: Partial<MutableSegment> = {}): MutableSegment => ({
  segmentId: `s:${n}`,
  sessionUid: 's',
  start: n,
  end: n + 1,
  text: `word ${n}`,
  language: 'en',
  speaker: null,
  completed: true,
  words: null,
  parts: null,
  receivedAtMs: nowMs - 60_000,
  revision: 'r',
  ...changes,
});
const draft = (n: number, changes: Partial<MutableSegment> = {}) => held(n, { completed: false, ...changes });

function plan(
  segments: MutableSegment[],
  {
    session = {},
    final = false,
    stored = [] as MutableSegment[],
  }: { session?: Partial<Session>; final?: boolean; stored?: MutableSegment[] } = {},
) {
  const whole: Session = {
    uid: 's',
    startMs: 0,
    speaker: null,
    ended: false,
    supersededFrom: null,
    audioSeconds: 0,
    speechSeconds: 0,
    storedUntil: 0,
    ...session,
  };
  const isWorthKeeping = createSegmentFilter();
  const sessions = new Map([['s', whole]]);
  const { persist, drop } = planFlush({
    held: segments,
    sessions,
    nowMs,
    thresholdMs: 10_000,
    final,
    stored,
    isWorthKeeping,
  });
  return { persist: persist.map(({ segmentId }) => segmentId), drop: drop.map(({ segmentId }) => segmentId) };
}

test('finals older than the threshold become immutable; young ones and drafts wait', () => {
  const young = held(2, { receivedAtMs: nowMs - 9_999 });
  expect(plan([held(1), young, draft(3)])).toEqual({ persist: ['s:1'], drop: [] });
});

test('the end of a session makes its finals immutable at once, and its drafts only when nothing is to come', () => {
  const segments = [held(1, { receivedAtMs: nowMs }), draft(3)];
  expect(plan(segments, { session: { ended: true } })).toEqual({ persist: ['s:1'], drop: [] });
  expect(plan(segments, { session: { ended: true }, final: true })).toEqual({ persist: ['s:1', 's:3'], drop: [] });
  expect(plan(segments, { final: true })).toEqual({ persist: [], drop: [] });
});

test('a draft is dropped when finals, held or stored, say all of its words', () => {
  const session = { ended: true };
  expect(plan([draft(5, { end: 7 })], { session, final: true, stored: [held(4, { end: 6 }), held(6)] }).drop).toEqual([
    's:5',
  ]);
  expect(plan([draft(5, { end: 7 })], { session, final: true, stored: [held(4, { end: 6 })] }).persist).toEqual([
    's:5',
  ]);
});

test('of a superseded session, drafts and what starts at the border or after are dropped', () => {
  const session = { ended: true, supersededFrom: 5 };
  expect(plan([held(4.9), held(4.95), held(6), draft(1)], { session })).toEqual({
    persist: ['s:4.9'],
    drop: ['s:4.95', 's:6', 's:1'],
  });
});

test('silence hallucinations are dropped, not stored', () => {
  expect(plan([held(1, { text: '[BLANK_AUDIO]' })])).toEqual({ persist: [], drop: ['s:1'] });
});

test('words of an unknown session wait for its row', () => {
  expect(plan([held(1, { sessionUid: 'unknown' })], { final: true })).toEqual({ persist: [], drop: [] });
});
