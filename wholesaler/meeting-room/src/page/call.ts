/// <reference lib="dom" />
import { Mesh } from '../client/mesh.ts';
import { SignalingClient } from '../client/signaling-client.ts';
import type { HostView, Participant, ParticipantKind, PeerSignal, ServerMessage } from '../signaling/messages.ts';
import { element } from './dom.ts';
import type { Microphone } from './microphone.ts';
import { showLobby, showPeople } from './people-panel.ts';
import { Tiles } from './tiles.ts';
import { announce, type PageState, show } from './views.ts';

interface CallOptions {
  room: string;
  name: string;
  kind: ParticipantKind;
  hostKey: string | undefined;
  microphone: Microphone;
  /** The call is over, or never began: the state to show, and the server's words when it refused. */
  onOver: (state: PageState, problem?: string) => void;
  onHostKey: (key: string) => void;
}

const speakingEveryMs = 200;

/** One stay in the meeting, from asking to get in until it is over for this page. */
export class Call {
  readonly #options: CallOptions;
  readonly #signaling: SignalingClient;
  readonly #mesh: Mesh;
  readonly #tiles: Tiles;
  readonly #people = new Map<string, Participant>();
  readonly #events = new AbortController();
  readonly #speakingTimer: ReturnType<typeof setInterval>;
  #selfId = '';
  #host: HostView | undefined;
  #iceServers: RTCIceServer[] = [];

  constructor(options: CallOptions) {
    this.#options = options;
    const { microphone, room, name, kind, hostKey } = options;
    this.#tiles = new Tiles(() => microphone.level());
    this.#mesh = new Mesh({
      createPeer: () => new RTCPeerConnection({ iceServers: this.#iceServers }),
      send: (to, signal) => this.#signaling.send({ type: 'signal', to, signal }),
      onTrack: (id, track, receiver) => this.#tiles.play(id, track, receiver),
      onError: (error) => console.error('A connection to a participant failed', error),
      receiveOnly: kind === 'bot',
    });
    void this.#mesh.setTrack(microphone.track ?? null);
    const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#signaling = new SignalingClient({
      url: `${scheme}//${location.host}/api/rooms/${room}/ws`,
      join: { name, kind, muted: microphone.muted, ...(hostKey ? { host_key: hostKey } : {}) },
      onMessage: (message) => this.#receive(message),
      onLost: () => this.#over('lost'),
    });
    this.#speakingTimer = setInterval(() => this.#tiles.updateSpeaking(), speakingEveryMs);
    const { signal } = this.#events;
    element('leave').addEventListener('click', () => this.leave(), { signal });
    element('mute').addEventListener('click', () => void this.#toggleMute(), { signal });
    element('end').addEventListener('click', () => this.#signaling.send({ type: 'end' }), { signal });
    // A reload or a closed tab is a goodbye; only a crash or a broken line is waited for.
    addEventListener('pagehide', () => this.#signaling.leave(), { signal });
  }

  leave(): void {
    this.#signaling.leave();
    this.#over('left');
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'lobby':
        show('lobby');
        break;
      case 'joined':
        this.#joined(message);
        break;
      case 'resumed':
        this.#resumed(message.participants);
        break;
      case 'participant_joined':
        announce(`${message.participant.name} joined`);
        this.#put(message.participant);
        break;
      case 'participant_changed':
        this.#put(message.participant);
        break;
      case 'participant_left':
        this.#drop(message.participant_id);
        break;
      case 'host':
        this.#becomeHost(message.host);
        break;
      case 'signal':
        this.#signal(message.from, message.signal);
        break;
      case 'closed':
        this.#over(message.reason);
        break;
      case 'error':
        if (this.#selfId === '') {
          this.#signaling.stop();
          this.#over('prejoin', message.message);
          break;
        }
        console.warn('The room refused something', message);
        break;
    }
  }

  #joined(message: ServerMessage & { type: 'joined' }): void {
    this.#mesh.close();
    this.#tiles.clear();
    this.#people.clear();
    this.#selfId = message.self.id;
    this.#iceServers = message.ice_servers as RTCIceServer[];
    show('in-meeting');
    this.#showMute();
    this.#put(message.self);
    for (const participant of message.participants) {
      this.#put(participant);
      this.#mesh.connect(participant.id);
    }
    if (message.host) this.#becomeHost(message.host);
    element('mute').focus();
  }

  /** Who left meanwhile is known from the messages that follow; only what was missed by all is mended here. */
  #resumed(participants: Participant[]): void {
    for (const id of this.#people.keys()) if (!participants.some((other) => other.id === id)) this.#drop(id);
  }

  #put(participant: Participant): void {
    this.#people.set(participant.id, participant);
    this.#tiles.put(participant, participant.id === this.#selfId);
    this.#refresh();
  }

  #drop(id: string): void {
    announce(`${this.#people.get(id)?.name ?? 'Somebody'} left`);
    this.#people.delete(id);
    this.#mesh.drop(id);
    this.#tiles.drop(id);
    this.#refresh();
  }

  #signal(from: string, signal: PeerSignal): void {
    if (this.#people.has(from)) this.#mesh.receive(from, signal);
  }

  #becomeHost(host: HostView): void {
    if ((this.#host?.waiting.length ?? 0) < host.waiting.length) announce('Somebody is waiting in the lobby');
    this.#host = host;
    this.#options.onHostKey(host.host_key);
    this.#refresh();
  }

  #refresh(): void {
    const act = (type: 'admit' | 'deny' | 'remove') => (participant_id: string) =>
      this.#signaling.send({ type, participant_id });
    const actions = { admit: act('admit'), deny: act('deny'), remove: act('remove') };
    const people = [...this.#people.values()];
    showPeople(people, this.#selfId, this.#host !== undefined, actions);
    showLobby(this.#host?.waiting ?? [], actions);
    element('end').hidden = this.#host === undefined;
    element('notice').hidden = !people.some(({ kind }) => kind === 'bot');
    element('notice').textContent = element('notice').hidden ? '' : 'This room may be transcribed';
  }

  async #toggleMute(): Promise<void> {
    const { microphone } = this.#options;
    if (!microphone.track) {
      try {
        await this.#mesh.setTrack(await microphone.open());
        microphone.setMuted(false);
      } catch (error) {
        return announce(error instanceof Error ? error.message : 'The microphone cannot be used.');
      }
    } else {
      microphone.setMuted(!microphone.muted);
    }
    this.#signaling.send({ type: 'state', muted: microphone.muted });
    this.#showMute();
  }

  #showMute(): void {
    const { microphone, kind } = this.#options;
    const mute = element('mute', HTMLButtonElement);
    mute.hidden = kind === 'bot';
    mute.textContent = !microphone.track ? 'Turn on microphone' : microphone.muted ? 'Unmute' : 'Mute';
    mute.setAttribute('aria-pressed', String(microphone.muted));
  }

  #over(state: PageState, problem?: string): void {
    clearInterval(this.#speakingTimer);
    this.#events.abort();
    this.#mesh.close();
    this.#tiles.clear();
    this.#options.microphone.close();
    element('notice').hidden = true;
    this.#options.onOver(state, problem);
  }
}
