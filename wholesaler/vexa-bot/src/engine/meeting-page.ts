import { audioSampleRate } from '@vexa/shared/contracts/audio';
import { errorFields, type Logger } from '@vexa/shared/logging';
import type { BrowserContext, Page } from 'playwright';
import { type AudioChunk, type PageView, parsePageMessage } from '../page/messages.ts';
import { pageScript } from '../page/page-script.ts';
import type { Recipe, Step } from '../recipes/recipe.ts';
import { PageLost } from './endings.ts';

interface Deps {
  context: BrowserContext;
  recipe: Recipe;
  logger: Logger;
  onAudio: (chunk: AudioChunk) => void;
  onView: (view: PageView) => void;
}

const binding = '__vexaReport';
const chunkSamples = 1_600;
const scanEveryMs = 100;
const gotoTimeoutMs = 30_000;
const stepTimeoutMs = 15_000;
const optionalStepTimeoutMs = 2_000;
const leaveTimeoutMs = 5_000;
const closeTimeoutMs = 3_000;

const nothingSeen: PageView = {
  signals: { lobby: [], rejected: [], admitted: [], removed: [], ended: [], refused: [], lost: [] },
  people: [],
  tracks: [],
};

/** One page of the browser with the meeting in it: what it shows, what is heard, and steps to take on it. */
export class MeetingPage implements AsyncDisposable {
  readonly #page: Page;
  readonly #deps: Deps;
  readonly #watchers = new Set<() => void>();
  readonly #lost = Promise.withResolvers<never>();
  #lostError: PageLost | undefined;
  #view: PageView = nothingSeen;
  #chunks = 0;

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
    const { signals, tiles } = deps.recipe;
    const settings = { binding, sampleRate: audioSampleRate, chunkSamples, scanEveryMs, signals, tiles };
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
    const { signals } = this.#view;
    return signals.admitted.length >= this.#deps.recipe.admittedNeeds && signals.lobby.length === 0;
  }

  async goto(url: string): Promise<void> {
    const response = await this.#page.goto(url, { waitUntil: 'load', timeout: gotoTimeoutMs });
    if (response && response.status() >= 400) throw new Error(`The meeting page answered ${response.status()}.`);
  }

  async take(steps: Step[], values: { botName: string }): Promise<void> {
    for (const step of steps) {
      try {
        await this.#takeStep(step, values);
      } catch (cause) {
        if (step.do === 'click' && step.optional) continue;
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

  /** Says goodbye as a person would, then closes the page. */
  async leave(values: { botName: string }): Promise<void> {
    if (!this.#lostError) await this.#atMost(leaveTimeoutMs, this.take(this.#deps.recipe.leave, values));
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

  async #takeStep(step: Step, { botName }: { botName: string }): Promise<void> {
    const target = this.#page.locator(step.selector).first();
    switch (step.do) {
      case 'fill':
        return target.fill(step.value.replaceAll('{botName}', botName), { timeout: stepTimeoutMs });
      case 'click':
        if (step.optional && !(await target.isVisible())) return;
        return target.click({ timeout: step.optional ? optionalStepTimeoutMs : stepTimeoutMs });
    }
  }

  #receive(payload: string): void {
    const message = this.#parse(payload);
    switch (message?.kind) {
      case 'audio':
        this.#chunks += 1;
        if (this.#chunks === 1) this.#notify();
        this.#deps.onAudio(message.chunk);
        return;
      case 'view':
        this.#view = message.view;
        this.#deps.onView(message.view);
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
