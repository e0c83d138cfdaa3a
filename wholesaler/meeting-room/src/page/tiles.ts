/// <reference lib="dom" />
import type { Participant } from '../signaling/messages.ts';
import { create, element } from './dom.ts';

interface Tile {
  root: HTMLElement;
  receiver: RTCRtpReceiver | undefined;
  lastLoud: number;
}

const loud = 0.012;
/** Pauses between words are shorter than this. */
const holdMs = 600;

/** The tiles of everybody in the meeting, oneself included; they show who speaks. */
export class Tiles {
  readonly #grid = element('tiles');
  readonly #template = element('tile-template', HTMLTemplateElement);
  readonly #tiles = new Map<string, Tile>();
  readonly #ownLevel: () => number;

  constructor(ownLevel: () => number) {
    this.#ownLevel = ownLevel;
  }

  put(participant: Participant, self = false): void {
    const tile = this.#tiles.get(participant.id) ?? this.#add(participant, self);
    const { root } = tile;
    root.dataset.participantName = participant.name;
    root.dataset.muted = String(participant.muted);
    root.setAttribute('aria-label', participant.name);
    part(root, '.name').textContent = self ? `${participant.name} (you)` : participant.name;
    const tag = part(root, '.tag');
    tag.textContent = participant.kind === 'bot' ? 'Bot' : 'Host';
    tag.hidden = participant.kind !== 'bot' && !participant.host;
  }

  play(participantId: string, track: MediaStreamTrack, receiver: RTCRtpReceiver): void {
    const tile = this.#tiles.get(participantId);
    if (!tile) return;
    tile.receiver = receiver;
    const audio = part(tile.root, 'audio') as HTMLAudioElement;
    audio.srcObject = new MediaStream([track]);
    audio.play().catch((error: unknown) => console.warn('The audio of a participant does not play yet', error));
  }

  drop(participantId: string): void {
    const tile = this.#tiles.get(participantId);
    if (!tile) return;
    (part(tile.root, 'audio') as HTMLAudioElement).srcObject = null;
    tile.root.remove();
    this.#tiles.delete(participantId);
  }

  clear(): void {
    for (const id of [...this.#tiles.keys()]) this.drop(id);
  }

  /** Looks at the real levels and marks who speaks. */
  updateSpeaking(): void {
    const now = performance.now();
    for (const tile of this.#tiles.values()) {
      const self = tile.root.dataset.self === 'true';
      const level = self ? this.#ownLevel() : receivedLevel(tile.receiver);
      if (level > loud) tile.lastLoud = now;
      const speaking = String(now - tile.lastLoud < holdMs);
      if (tile.root.dataset.speaking !== speaking) tile.root.dataset.speaking = speaking;
    }
  }

  #add(participant: Participant, self: boolean): Tile {
    const copy = this.#template.content.cloneNode(true) as DocumentFragment;
    const root = part(copy, '.tile');
    root.dataset.participantId = participant.id;
    root.dataset.kind = participant.kind;
    root.dataset.speaking = 'false';
    if (self) root.dataset.self = 'true';
    root.append(create('audio', { autoplay: true }));
    const avatar = part(root, '.avatar');
    avatar.textContent = initials(participant.name);
    avatar.style.setProperty('--hue', String(hueOf(participant.name)));
    this.#grid.append(copy);
    const tile: Tile = { root, receiver: undefined, lastLoud: Number.NEGATIVE_INFINITY };
    this.#tiles.set(participant.id, tile);
    return tile;
  }
}

const freshMs = 300;

/** Loudness of what arrived just now, 0 to 1; the browser takes it from the packets. */
export function receivedLevel(receiver: RTCRtpReceiver | undefined): number {
  const source = receiver?.getSynchronizationSources()[0];
  if (!source) return 0;
  const ageMs = performance.timeOrigin + performance.now() - source.timestamp;
  return ageMs < freshMs ? (source.audioLevel ?? 0) : 0;
}

function part(root: ParentNode, selector: string): HTMLElement {
  const found = root.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The tile has no ${selector}.`);
  return found;
}

const initials = (name: string): string =>
  name
    .split(/\s+/)
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? '')
    .join('');

const hueOf = (name: string): number =>
  [...name].reduce((hue, letter) => (hue * 137 + (letter.codePointAt(0) ?? 0) * 53) % 360, 7);
