import { waitFor } from '@vexa/shared/testing/wait-for';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { joinAsParticipant } from '../src/scripted-participant.ts';
import { synthesise } from '../src/voices.ts';
import { createRoom, hears, launchBrowser, openAndJoin, reached, startRoom, tile } from './room-under-test.ts';

let service: Awaited<ReturnType<typeof startRoom>>;
let browser: Browser;
let speech: string;
beforeAll(async () => {
  [service, browser, speech] = await Promise.all([
    startRoom({ reconnectGraceMs: 1_000 }),
    launchBrowser(),
    synthesise('The quick brown fox jumps over the lazy dog, and then it does so once again.', 'slt'),
  ]);
});
afterAll(async () => {
  await browser.close();
  await service[Symbol.asyncDispose]();
});

const tone = (seconds: number) =>
  Int16Array.from({ length: seconds * 16_000 }, (_, index) => 8_000 * Math.sin((index * 440 * 2 * Math.PI) / 16_000));

test('a scripted participant is heard by the page, and hears it', async () => {
  const page = await openAndJoin(browser, `${service.url}/script-and-page`, 'Ann');
  await reached(page, 'in-meeting');
  await using rob = joinAsParticipant({ server: service.url, room: 'script-and-page', name: 'Rob' });
  await rob.waitUntilAdmitted();
  const ann = rob.participants().find(({ name }) => name === 'Ann')!;
  await waitFor('Ann to be heard by Rob', () => rob.heard(ann.id).loudSeconds > 0.2);
  await page.waitForSelector(`${tile('Rob')} audio`, { state: 'attached' });
  const spoken = rob.speak(speech);
  await Promise.all([hears(page, 'Rob'), page.waitForSelector(`${tile('Rob')}[data-speaking="true"]`)]);
  const { startedAt, endedAt } = await spoken;
  expect(endedAt - startedAt).toBeGreaterThan(3_000);
  await page.waitForSelector(`${tile('Rob')}[data-speaking="false"]`);
});

test('several speak at once and after one another, in real time', async () => {
  const join = (name: string) => joinAsParticipant({ server: service.url, room: 'at-once', name });
  await using ann = join('Ann');
  await using bob = join('Bob');
  await Promise.all([ann.waitUntilAdmitted(), bob.waitUntilAdmitted()]);
  await waitFor('both to meet', () => ann.participants().length + bob.participants().length === 2);
  ann.heard(bob.id);
  bob.heard(ann.id);
  const second = tone(1);
  await waitFor('audio to flow', () => ann.heard(bob.id).seconds > 0 && bob.heard(ann.id).seconds > 0);
  const spoken = await Promise.all([ann.speak(second), bob.speak(second), bob.speak(second)]);
  for (const { startedAt, endedAt } of spoken) expect(endedAt - startedAt).toBeCloseTo(990, -2);
  await waitFor(
    'all that was said to be heard',
    () => ann.heard(bob.id).loudSeconds > 1.8 && bob.heard(ann.id).loudSeconds > 0.8,
  );
});

test('a mute participant is silent and shown so', async () => {
  await using ann = joinAsParticipant({ server: service.url, room: 'muted', name: 'Ann' });
  await ann.waitUntilAdmitted();
  await using bob = joinAsParticipant({ server: service.url, room: 'muted', name: 'Bob' });
  await bob.waitUntilAdmitted();
  ann.mute();
  await waitFor('the mute to be shown', () => bob.participants()[0]?.muted === true);
  bob.heard(ann.id);
  await waitFor('audio to flow', () => bob.heard(ann.id).seconds > 0);
  await ann.speak(tone(1));
  expect(bob.heard(ann.id).loudSeconds).toBe(0);
  ann.unmute();
  await waitFor('the mute to be gone', () => bob.participants()[0]?.muted === false);
});

test('a scripted host decides over a scripted guest', async () => {
  const { room, host_key } = await createRoom(service.url, { lobby: true });
  await using host = joinAsParticipant({ server: service.url, room, name: 'Host', hostKey: host_key });
  await host.waitUntilAdmitted();
  await using eve = joinAsParticipant({ server: service.url, room, name: 'Eve' });
  await eve.waitUntil(['lobby']);
  host.deny(eve.id);
  await expect(eve.waitUntilAdmitted()).rejects.toThrow('Eve was not let in: denied');
  await using bob = joinAsParticipant({ server: service.url, room, name: 'Bob' });
  await bob.waitUntil(['lobby']);
  host.admit(bob.id);
  await bob.waitUntilAdmitted();
  host.end();
  await bob.waitUntil(['ended']);
  await expect(bob.speak(speech)).rejects.toThrow('Bob is ended');
});

test('who vanishes is gone after the grace time, who leaves at once', async () => {
  const join = (name: string) => joinAsParticipant({ server: service.url, room: 'vanishing', name });
  await using ann = join('Ann');
  await ann.waitUntilAdmitted();
  const bob = join('Bob');
  await bob.waitUntilAdmitted();
  await waitFor('Bob to be there', () => ann.participants().length === 1);
  const unspoken = bob.speak(speech);
  await Promise.all([bob.vanish(), expect(unspoken).rejects.toThrow('Bob is gone')]);
  expect(ann.participants()).toHaveLength(1);
  await waitFor('Bob to be gone', () => ann.participants().length === 0);
});

test('a wrong host key is refused with the reason', async () => {
  const { room } = await createRoom(service.url, { lobby: true });
  await using eve = joinAsParticipant({ server: service.url, room, name: 'Eve', hostKey: 'guess' });
  await expect(eve.waitUntilAdmitted()).rejects.toThrow('The host key is wrong.');
});
