import { percentile, seededRandom, sum } from '../statistics.ts';
import type { Workload } from './workload.ts';

interface Options {
  meetings: number;
  cores: number;
  /** CPU seconds for a second of talk, all decodes together. */
  cpuPerTalkSecond: number;
  work: Workload;
  seconds?: number;
  seed?: number;
}

export interface ReplicaDelays {
  /** From the end of an utterance to its final, 95th percentile, in seconds. */
  finalP95: number;
  /** From when there is enough audio for a first draft until it is there. */
  draftP95: number;
  busyShare: number;
}

interface Job {
  kind: 'final' | 'draft';
  since: number;
  cost: number;
  talk: Talk;
}

interface Talk {
  end: number;
  drafted: boolean;
  waiting: Job | undefined;
  running: boolean;
}

type Event = { at: number; act: () => void };

const draftStep = 0.8;
/** Of silence and bookkeeping, before the final of an utterance is asked for. */
const endSeconds = 0.5;
/** A decode takes so much longer beside others on all cores: memory and caches are shared. Fitted to the live benchmark. */
const crowding = 0.5;
/** The lengths of utterances are Erlang distributed: nobody says sentences of no length, few very long ones. */
const stages = 3;
const settleSeconds = 30;
/** As measured with base on a worker of one thread: 0.3 s for a draft, and for a final, which takes 0.08 s a second when it is long. */
const draftCost = 0.3;
const finalCost = (seconds: number): number => Math.max(0.3, 0.08 * seconds);

/**
 * One whisperlive with a worker for each core, as its scheduler works: finals before drafts, each in the order they came; one draft
 * of each utterance at a time, given up when the utterance ends. The costs of decodes are scaled so that an unhurried one takes
 * what was measured. Talk is random. With two cores it gives the delays that the live benchmark measured, within a fifth.
 */
export function simulateReplica({
  meetings,
  cores,
  cpuPerTalkSecond,
  work,
  seconds = 300,
  seed = 1,
}: Options): ReplicaDelays {
  const random = seededRandom(seed);
  const exponential = (mean: number) => -Math.log(1 - random()) * mean;
  const scale = (cpuPerTalkSecond * (work.utteranceSeconds + work.pauseSeconds)) / unhurriedCost(work.utteranceSeconds);
  const events = new Timeline();
  const [finals, drafts]: [Job[], Job[]] = [[], []];
  const [finalDelays, draftDelays]: [number[], number[]] = [[], []];
  let [free, now, busy] = [cores, 0, 0];

  const next = () => {
    while (free > 0) {
      const job = finals.shift() ?? drafts.shift();
      if (!job) return;
      if (job.talk.waiting === job) job.talk.waiting = undefined;
      if (job.kind === 'draft' && job.talk.end <= now) continue;
      free -= 1;
      job.talk.running = true;
      const took = job.cost * (1 + (crowding * (cores - free - 1)) / Math.max(1, cores - 1));
      busy += took;
      events.add(now + took, () => done(job));
    }
  };
  const done = (job: Job) => {
    free += 1;
    job.talk.running = false;
    const counts = now > settleSeconds;
    if (job.kind === 'final' && counts) finalDelays.push(now - job.since);
    if (job.kind === 'draft') {
      if (!job.talk.drafted && counts) draftDelays.push(now - job.since);
      job.talk.drafted = true;
    }
    next();
  };
  const draft = (talk: Talk) => {
    if (now >= talk.end) return;
    if (!talk.waiting && !talk.running) {
      const job: Job = { kind: 'draft', since: now, cost: draftCost * scale, talk };
      talk.waiting = job;
      drafts.push(job);
      next();
    }
    events.add(now + draftStep, () => draft(talk));
  };
  const speak = () => {
    const parts = Array.from({ length: stages }, () => exponential(work.utteranceSeconds / stages));
    const length = Math.min(25, Math.max(0.5, sum(parts)));
    const talk: Talk = { end: now + length, drafted: false, waiting: undefined, running: false };
    events.add(now + draftStep, () => draft(talk));
    events.add(talk.end + endSeconds, () => {
      // What is promised counts from the end of the words.
      finals.push({ kind: 'final', since: talk.end, cost: finalCost(length) * scale, talk });
      next();
    });
    events.add(talk.end + exponential(pauseOfOne), speak);
  };
  // In each meeting one voice follows the other, where people talk at once two; a voice is silent in pauses, and when nobody talks.
  const voices = Math.ceil(work.talkShare);
  const pauseOfOne = (work.utteranceSeconds + work.pauseSeconds) / (work.talkShare / voices) - work.utteranceSeconds;
  for (let i = 0; i < meetings * voices; i += 1) events.add(random() * (work.utteranceSeconds + pauseOfOne), speak);
  for (let event = events.take(); event && event.at < seconds; event = events.take()) {
    now = event.at;
    event.act();
  }
  return {
    finalP95: percentile(finalDelays, 0.95),
    draftP95: percentile(draftDelays, 0.95),
    busyShare: busy / cores / seconds,
  };
}

function unhurriedCost(utteranceSeconds: number): number {
  return finalCost(utteranceSeconds) + Math.floor(utteranceSeconds / draftStep) * draftCost;
}

/** The most meetings that one replica carries within these delays, in seconds at the 95th percentile. */
export function meetingsPerReplica(
  options: Omit<Options, 'meetings'>,
  { firstWithin, finalWithin }: { firstWithin: number; finalWithin: number },
): number {
  const carries = (meetings: number): boolean => {
    const { finalP95, draftP95 } = simulateReplica({ ...options, meetings });
    return finalP95 <= finalWithin && draftStep + draftP95 <= firstWithin;
  };
  let [low, high] = [0, 1];
  while (carries(high)) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (carries(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/** Events in the order of their time: a binary heap. */
class Timeline {
  readonly #heap: Event[] = [];

  add(at: number, act: () => void): void {
    const heap = this.#heap;
    let i = heap.push({ at, act }) - 1;
    for (let up = (i - 1) >> 1; i > 0 && this.#at(up) > at; up = (i - 1) >> 1) {
      this.#swap(i, up);
      i = up;
    }
  }

  take(): Event | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    heap[0] = last;
    for (let i = 0; ; ) {
      const [left, right] = [2 * i + 1, 2 * i + 2];
      const least = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(least) >= last.at) return first;
      this.#swap(i, least);
      i = least;
    }
  }

  #at(i: number): number {
    return this.#heap[i]?.at ?? Number.POSITIVE_INFINITY;
  }

  #swap(i: number, j: number): void {
    const heap = this.#heap;
    const [one, other] = [heap[i], heap[j]];
    if (one && other) [heap[i], heap[j]] = [other, one];
  }
}
