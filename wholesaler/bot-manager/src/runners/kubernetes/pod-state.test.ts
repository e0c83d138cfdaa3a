import type { V1ContainerState, V1PodCondition, V1PodStatus } from '@kubernetes/client-node';
import { describe, expect, it } from 'vitest';
import { exitOf, hasEnded, isPlaced, troubleOf } from './pod-state.ts';

const pod = (status: V1PodStatus) => ({ metadata: { labels: { 'vexa.bot': 'b' } }, status });
const withState = (phase: string, state: V1ContainerState, more: V1PodStatus = {}) =>
  pod({
    phase,
    containerStatuses: [{ name: 'bot', image: 'i', imageID: '', ready: false, restartCount: 0, state }],
    ...more,
  });
const scheduled = (status: string, reason?: string): V1PodCondition[] => [
  { type: 'PodScheduled', status, ...(reason ? { reason, message: '0/3 nodes are available' } : {}) },
];
const noClaim = 'persistentvolumeclaim "vexa-bots" not found';
const full = pod({ phase: 'Pending', conditions: scheduled('False', 'Unschedulable') });
const waiting = (reason: string) =>
  withState('Pending', { waiting: { reason, message: 'why' } }, { conditions: scheduled('True') });

describe('what a pod tells of its bot', () => {
  it.each([
    [0, 0],
    [3, 3],
    [137, null],
    [143, null],
  ])('is its exit: %d', (code, exitCode) => {
    const ended = withState(code === 0 ? 'Succeeded' : 'Failed', { terminated: { exitCode: code } });
    expect(hasEnded(ended)).toBe(true);
    expect(exitOf(ended)).toEqual({ name: 'b', exitCode });
  });

  it('is no code when the cluster ended it, or it was deleted while it ran', () => {
    expect(exitOf(pod({ phase: 'Failed', reason: 'Evicted' }))).toEqual({ name: 'b', exitCode: null });
    expect(exitOf(withState('Running', { running: {} }))).toEqual({ name: 'b', exitCode: null });
  });

  it('is that it waits for a node, and for how long it may', () => {
    expect(isPlaced(full)).toBe(false);
    expect(troubleOf(full, 10_000)).toMatchObject({ keepMs: 10_000, detail: '0/3 nodes are available' });
    expect(exitOf(full)).toMatchObject({ exitCode: null, neverRan: 'The cluster has no room for the bot.' });
  });

  it('is that it waits for a volume, which is no want of room', () => {
    const [condition] = scheduled('False', 'Unschedulable');
    const stuck = pod({ phase: 'Pending', conditions: [{ ...condition!, message: noClaim }] });
    expect(troubleOf(full)?.noRoom).toBe(true);
    expect(troubleOf(stuck, 10_000)).toMatchObject({ keepMs: 10_000, detail: noClaim, noRoom: false });
    expect(exitOf(stuck).neverRan).toBe('The volume that is lent to bots cannot be had.');
  });

  it.each([
    ['InvalidImageName', 0],
    ['ErrImagePull', 30_000],
    ['ImagePullBackOff', 30_000],
  ])('is that its image is the trouble: %s', (reason, keepMs) => {
    const stuck = waiting(reason);
    expect(isPlaced(stuck)).toBe(true);
    expect(troubleOf(stuck)).toMatchObject({ keepMs, detail: `${reason}: why` });
    expect(exitOf(stuck).neverRan).toBe(`The image of the bot cannot be had (${reason}).`);
  });

  it('is that nobody told it anything, after which another may be sent', () => {
    expect(troubleOf(waiting('CreateContainerConfigError'))).toMatchObject({ keepMs: 15_000 });
    expect(exitOf(waiting('CreateContainerConfigError'))).toEqual({ name: 'b', exitCode: null });
  });

  it('is no trouble while it is being made, or runs', () => {
    expect(troubleOf(waiting('ContainerCreating'))).toBeUndefined();
    expect(troubleOf(withState('Running', { running: {} }))).toBeUndefined();
    expect(hasEnded(withState('Running', { running: {} }))).toBe(false);
  });
});
