import { waitFor } from '@vexa/shared/testing/wait-for';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRoom, hears, launchBrowser, openAndJoin, reached, startRoom, tile } from './room-under-test.ts';

let service: Awaited<ReturnType<typeof startRoom>>;
let browser: Browser;
beforeAll(async () => {
  [service, browser] = await Promise.all([startRoom({ reconnectGraceMs: 1_500 }), launchBrowser()]);
});
afterAll(async () => {
  await browser.close();
  await service[Symbol.asyncDispose]();
});

test('two people with a plain link meet, see and hear each other; the first is the host', async () => {
  const ann = await openAndJoin(browser, `${service.url}/plain-link`, 'Ann');
  await reached(ann, 'in-meeting');
  const bob = await openAndJoin(browser, `${service.url}/plain-link`, 'Bob');
  await reached(bob, 'in-meeting');
  await Promise.all([hears(ann, 'Bob'), hears(bob, 'Ann')]);
  await ann.waitForSelector(`${tile('Bob')}[data-speaking="true"]`);
  await ann.waitForSelector(`${tile('Ann')}[data-self="true"]`);
  expect(await ann.isVisible('#end')).toBe(true);
  expect(await bob.isVisible('#end')).toBe(false);

  await bob.click('#mute');
  await ann.waitForSelector(`${tile('Bob')}[data-muted="true"][data-speaking="false"]`);
  await bob.click('#mute');
  await ann.waitForSelector(`${tile('Bob')}[data-muted="false"][data-speaking="true"]`);

  await bob.click('#leave');
  await reached(bob, 'left');
  await ann.waitForSelector(tile('Bob'), { state: 'detached' });
});

test('the host lets one in, denies another, removes a third and ends the meeting for all', async () => {
  const room = await createRoom(service.url, { lobby: true });
  const host = await openAndJoin(browser, room.host_url, 'Host');
  await reached(host, 'in-meeting');
  const guests = await Promise.all(['Bob', 'Eve', 'Cleo'].map((name) => openAndJoin(browser, room.url, name)));
  const [bob, eve, cleo] = guests as [(typeof guests)[0], (typeof guests)[0], (typeof guests)[0]];
  for (const guest of guests) {
    await reached(guest, 'lobby');
    expect(await guest.innerText('main')).toContain('Waiting for the host to let you in');
  }
  await host.getByRole('button', { name: 'Admit Bob' }).click();
  await host.getByRole('button', { name: 'Deny Eve' }).click();
  await host.getByRole('button', { name: 'Admit Cleo' }).click();
  await reached(bob, 'in-meeting');
  await reached(eve, 'denied');
  expect(await eve.innerText('main')).toContain('Your request to join was denied');
  await reached(cleo, 'in-meeting');
  await host.getByRole('button', { name: 'Remove Cleo' }).click();
  await reached(cleo, 'removed');
  expect(await cleo.innerText('main')).toContain('You were removed from the meeting');
  await host.click('#end');
  for (const page of [host, bob]) {
    await reached(page, 'ended');
    expect(await page.innerText('main')).toContain('The meeting has ended');
  }
  const late = await openAndJoin(browser, room.url, 'Late');
  await reached(late, 'ended');
});

test('a bot listens without a microphone and its presence is told', async () => {
  const ann = await openAndJoin(browser, `${service.url}/with-a-bot`, 'Ann');
  await reached(ann, 'in-meeting');
  const bot = await openAndJoin(browser, `${service.url}/with-a-bot?bot=1`, 'Notetaker');
  await reached(bot, 'in-meeting');
  await hears(bot, 'Ann');
  await ann.waitForSelector(`${tile('Notetaker')}[data-kind="bot"][data-muted="true"]`);
  expect(await ann.innerText('#notice')).toBe('This room may be transcribed');
  await bot.click('#leave');
  await ann.waitForSelector('#notice', { state: 'hidden' });
});

test('without a microphone one can listen', async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotFoundError'));
  });
  await page.goto(`${service.url}/listener`);
  await page.fill('#name', 'Listener');
  await page.getByText('No microphone was found').waitFor();
  await page.getByRole('button', { name: 'Continue without microphone' }).click();
  await page.waitForSelector(`${tile('Listener')}[data-muted="true"]`);
});

test('a wrong host link is told where the name is asked', async () => {
  const { url } = await createRoom(service.url, { lobby: true });
  const page = await openAndJoin(browser, `${url}?host=wrong`, 'Eve');
  await page.getByText('The host key is wrong.').waitFor();
  expect(await page.getAttribute('body', 'data-state')).toBe('prejoin');
});

test('a broken socket comes back to the same place, a closed tab is gone at once, a crash after the grace', async () => {
  const ann = await openAndJoin(browser, `${service.url}/line-trouble`, 'Ann');
  await reached(ann, 'in-meeting');
  const bob = await openAndJoin(browser, `${service.url}/line-trouble`, 'Bob');
  await hears(ann, 'Bob');
  const idOfBob = await ann.getAttribute(tile('Bob'), 'data-participant-id');

  await bob.evaluate(() => (globalThis as unknown as { sockets: WebSocket[] }).sockets[0]?.close());
  await bob.waitForFunction(() => (globalThis as unknown as { sockets: WebSocket[] }).sockets[1]?.readyState === 1);
  await bob.click('#mute');
  await ann.waitForSelector(`${tile('Bob')}[data-muted="true"]`);
  await bob.click('#mute');
  await hears(ann, 'Bob');
  expect(await ann.getAttribute(tile('Bob'), 'data-participant-id')).toBe(idOfBob);

  await bob.close({ runBeforeUnload: false });
  await ann.waitForSelector(tile('Bob'), { state: 'detached' });

  const cleo = await openAndJoin(browser, `${service.url}/line-trouble`, 'Cleo');
  await ann.waitForSelector(tile('Cleo'));
  await Promise.allSettled([cleo.goto('chrome://crash', { timeout: 2_000 })]);
  await ann.waitForSelector(tile('Cleo'), { state: 'detached' });
});

test('the start page makes a room and takes its maker there as host', async () => {
  const page = await (await browser.newContext({ permissions: ['microphone'] })).newPage();
  await page.goto(service.url);
  await page.fill('#new-room', 'from-the-start');
  await page.click('#create');
  await page.waitForURL(/\/from-the-start\?host=/);
  await page.goto(service.url);
  await page.fill('#new-room', 'from-the-start');
  await page.click('#create');
  await page.getByText('A room named from-the-start exists already.').waitFor();
  await waitFor('another try', () => page.isEnabled('#create'));
});
