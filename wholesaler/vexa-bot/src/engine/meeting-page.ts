import { audioSampleRate } from '@vexa/shared/contracts/audio';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { BrowserContext, Page } from 'playwright';
import { type AudioChunk, type PageView, parsePageMessage } from '../page/messages.ts';
import { pageScript } from '../page/page-script.ts';
import { passcodeOf } from '../recipes/find-recipe.ts';
import { type Probe, perSignal, type Recipe, type SignalName, type Step } from '../recipes/recipe.ts';
import { PageLost } from './endings.ts';

interface Deps {
  context: BrowserContext;
  recipe: Recipe;
  meeting: { meetingUrl: string; botName: string };
  logger: Logger;
  onAudio: (chunk: AudioChunk) => void;
  onView: (view: PageView) => void;
}

const binding = '__vexaReport';
const chunkSamples = 1_536;
const scanEveryMs = 100;
const gotoTimeoutMs = 30_000;
const stepTimeoutMs = 30_000;
const optionalStepTimeoutMs = 2_000;
const leaveTimeoutMs = 5_000;
const closeTimeoutMs = 3_000;
const pictureTimeoutMs = 5_000;

const nothingSeen: PageView = { at: 0, signals: perSignal(() => []), people: [], tracks: [] };

/** One page of the browser with the meeting in it: what it shows, what is heard, and steps to take on it. */
export class MeetingPage implements AsyncDisposable {
  readonly #page: Page;
  readonly #deps: Deps;
  readonly #watchers = new Set<() => void>();
  readonly #lost = Promise.withResolvers<never>();
  #lostError: PageLost | undefined;
  #view: PageView = nothingSeen;
  #chunks = 0;
  /** From the first step on the way in until the meeting is reached. */
  #entering = false;
  #knocked = false;
  #clearing = false;
  #wasIn = false;

  /** Opens an empty page with the listening script in it. */
  static async open(deps: Deps): Promise<MeetingPage> {
    const page = await deps.context.newPage();
    const meetingPage = new MeetingPage(page, deps);
    const cdp = await deps.context.newCDPSession(page);
    cdp.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === binding) meetingPage.#receive(payload);
    });
    await cdp.send('Runtime.enable');
    await cdp.send('Runtime.addBinding', { name: binding });
    const { tiles, signals: known } = deps.recipe;
    const { botName } = deps.meeting;
    const signals = perSignal((signal) => known[signal] ?? []);
    const settings = { binding, sampleRate: audioSampleRate, chunkSamples, scanEveryMs, signals, tiles, botName };
    await page.addInitScript(pageScript(settings));
    return meetingPage;
  }

  private constructor(page: Page, deps: Deps) {
    this.#page = page;
    this.#deps = deps;
    this.#lost.promise.catch(() => {}); // awaited where something waits for the page; nobody may be waiting now
    page.on('crash', () => this.#lose('The page crashed.'));
    page.on('close', () => this.#lose('The page was closed.'));
    page.on('pageerror', (error) => deps.logger.debug(errorFields(error), 'the page reports an error'));
    page.on('dialog', (dialog) => void dialog.dismiss().catch(() => {}));
  }

  get view(): PageView {
    return this.#view;
  }

  /** Pieces of audio that arrived from this page, silence included. */
  get chunksHeard(): number {
    return this.#chunks;
  }

  /** Set once the page is gone for good. */
  get lostError(): PageLost | undefined {
    return this.#lostError;
  }

  /** Enough independent signs of being in the meeting, and none of still waiting. */
  get admitted(): boolean {
    return this.#showsMeeting && this.#view.signals.lobby.length === 0;
  }

  get #showsMeeting(): boolean {
    return this.#view.signals.admitted.length >= this.#deps.recipe.admittedNeeds;
  }

  /**
   * The names of what matches. In the meeting, a text that may be anywhere on the page means nothing: somebody may
   * have written it in the chat.
   */
  signs(signal: SignalName): string[] {
    const matching = this.#view.signals[signal];
    if (!this.#wasIn || !this.#showsMeeting) return matching;
    const anywhere = (this.#deps.recipe.signals[signal] ?? []).flatMap((probe) =>
      'selector' in probe && probe.selector === 'body' ? [probe.name] : [],
    );
    return matching.filter((name) => !anywhere.includes(name));
  }

  async goto(url: string): Promise<void> {
    const response = await this.#page.goto(url, { waitUntil: 'load', timeout: gotoTimeoutMs });
    if (response && response.status() >= 400) throw new Error(`The meeting page answered ${response.status()}.`);
  }

  /** Resolves when the first thing to do on the way in is there; what stands before it is clicked away. */
  async atTheDoor(timeoutMs = stepTimeoutMs): Promise<void> {
    this.#entering = true;
    this.#knocked = false;
    const first = this.#deps.recipe.join.find(({ optional }) => !optional);
    if (!first) return;
    try {
      await this.#page.locator(first.selector).first().waitFor({ timeout: timeoutMs });
    } catch (cause) {
      throw new Error(`The page has no usable ${first.selector} (step ${first.do}).`, { cause });
    }
  }

  async has(selector: string): Promise<boolean> {
    return (await this.#page.locator(selector).filter({ visible: true }).count()) > 0;
  }

  /** Takes the steps on the way in. */
  async enter(): Promise<void> {
    await this.take(this.#deps.recipe.join);
    this.#knocked = true;
  }

  async take(steps: Step[]): Promise<void> {
    for (const step of steps) {
      try {
        await this.#takeStep(step);
      } catch (cause) {
        if (step.optional) continue;
        throw new Error(`The page has no usable ${step.selector} (step ${step.do}).`, { cause });
      }
    }
  }

  /** Resolves when `condition` gives a value; asked again at every change of the page. Rejects with `PageLost`. */
  async until<T>(condition: () => T | undefined, signal: AbortSignal): Promise<T> {
    const found = Promise.withResolvers<T>();
    const check = () => {
      try {
        const value = condition();
        if (value !== undefined) found.resolve(value);
      } catch (error) {
        found.reject(error);
      }
    };
    const stop = () => found.reject(signal.reason);
    this.#watchers.add(check);
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) throw signal.reason;
      check();
      return await Promise.race([found.promise, this.#lost.promise]);
    } finally {
      this.#watchers.delete(check);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Resolves when the page has answered; a page that hangs never does. */
  async answer(): Promise<void> {
    await this.#page.evaluate(() => undefined);
  }

  /** What an operator needs in order to see what went wrong: a picture, and all text of the page. */
  async picture(): Promise<{ url: string; image: Buffer; text: string }> {
    const [image, text] = await Promise.all([
      this.#page.screenshot({ timeout: pictureTimeoutMs }),
      this.#page.locator('body').innerText({ timeout: pictureTimeoutMs }),
    ]);
    return { url: this.#page.url(), image, text };
  }

  /** Says goodbye as a person would, then closes the page. */
  async leave(): Promise<void> {
    if (!this.#lostError) await this.#atMost(leaveTimeoutMs, this.take(this.#deps.recipe.leave));
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#atMost(closeTimeoutMs, this.#page.close());
  }

  async #atMost(timeoutMs: number, work: Promise<void>): Promise<void> {
    const timeout = Promise.withResolvers<void>();
    const timer = setTimeout(timeout.resolve, timeoutMs);
    const problem = (error: unknown) =>
      this.#deps.logger.debug(errorFields(error), 'the page did not part in good order');
    await Promise.race([work, timeout.promise]).catch(problem);
    clearTimeout(timer);
  }

  async #takeStep(step: Step): Promise<void> {
    const target = this.#page.locator(step.selector).filter({ visible: true }).first();
    if (step.optional && !(await target.isVisible())) return;
    const timeout = step.optional ? optionalStepTimeoutMs : stepTimeoutMs;
    if (step.do === 'click') return target.click({ timeout });
    return target.fill(this.#filledIn(step.value), { timeout });
  }

  #filledIn(value: string): string {
    const { recipe, meeting } = this.#deps;
    const passcode = () => passcodeOf(recipe, meeting.meetingUrl);
    return value.replaceAll('{botName}', () => meeting.botName).replaceAll('{passcode}', passcode);
  }

  /** A page may ask something after the last step too; then it wants that step once more. */
  async #clearObstacles(): Promise<void> {
    this.#clearing = true;
    const { obstacle = [] } = this.#deps.recipe.signals;
    const last = this.#deps.recipe.join.at(-1);
    // One may lie over another, so each is tried whatever became of those before it, and again while one is there.
    while (this.#isObstructed && !this.#lostError) {
      for (const probe of obstacle) await this.#clickAway(probe);
      if (this.#knocked && last) await this.#attempt(this.#takeStep({ ...last, optional: true }));
      await this.#page.waitForTimeout(2 * scanEveryMs).catch(() => {}); // a page that is gone is told of elsewhere
    }
    this.#clearing = false;
  }

  get #isObstructed(): boolean {
    return this.#entering && this.#view.signals.obstacle.length > 0;
  }

  async #clickAway(probe: Probe): Promise<void> {
    if (!('selector' in probe) || !this.#view.signals.obstacle.includes(probe.name)) return;
    const { selector, text } = probe;
    const target = this.#page.locator(selector, text ? { hasText: text } : {}).filter({ visible: true });
    await this.#attempt(target.first().click({ timeout: optionalStepTimeoutMs }));
  }

  async #attempt(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      this.#deps.logger.debug(errorFields(error), 'something in the way could not be clicked away');
    }
  }

  #receive(payload: string): void {
    const message = this.#parse(payload);
    switch (message?.kind) {
      case 'audio':
        this.#chunks += message.chunks.length;
        if (this.#chunks === message.chunks.length) this.#notify();
        for (const chunk of message.chunks) this.#deps.onAudio(chunk);
        return;
      case 'view':
        this.#view = message.view;
        this.#deps.onView(message.view);
        this.#wasIn ||= this.admitted;
        this.#entering &&= !this.#wasIn;
        if (this.#isObstructed && !this.#clearing) void this.#clearObstacles();
        this.#notify();
        return;
      case 'trouble':
        this.#deps.logger.warn({ trouble: message.text }, 'the page has trouble with audio');
    }
  }

  #parse(payload: string) {
    try {
      return parsePageMessage(payload);
    } catch (error) {
      this.#deps.logger.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'the page reports nonsense');
      return undefined;
    }
  }

  #notify(): void {
    for (const check of this.#watchers) check();
  }

  #lose(reason: string): void {
    this.#lostError ??= new PageLost(reason);
    this.#lost.reject(this.#lostError);
  }
}
