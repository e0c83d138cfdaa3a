import wrtc from '@roamhq/wrtc';
import { Mesh } from '../client/mesh.ts';
import { SignalingClient } from '../client/signaling-client.ts';
import type { Participant, ServerMessage } from '../signaling/messages.ts';
import { Listening } from './listening.ts';
import { PcmPacer, sampleRate } from './pcm-pacer.ts';
import type { JoinOptions, Order, ParticipantState, Report } from './protocol.ts';
import { readWav } from './read-wav.ts';

const heardEveryMs = 100;

/** One scripted stay in a room, inside the participant's own process. */
export class Attendance {
  readonly #name: string;
  readonly #botsOnly: boolean;
  readonly #report: (message: Report) => void;
  readonly #source = new wrtc.nonstandard.RTCAudioSource();
  readonly #listening = new Listening();
  readonly #others = new Map<string, Participant>();
  readonly #listenTo = new Set<string>();
  readonly #pacer: PcmPacer;
  readonly #mesh: Mesh;
  readonly #signaling: SignalingClient;
  #id = '';
  #state: ParticipantState = 'joining';
  #muted = false;
  #iceServers: RTCIceServer[] = [];

  constructor(options: JoinOptions, report: (message: Report) => void) {
    const { server, room, name, hostKey, kind = 'person', botsOnly = false } = options;
    this.#name = name;
    this.#botsOnly = botsOnly;
    this.#report = report;
    this.#pacer = new PcmPacer((frame) => this.#emit(frame));
    this.#mesh = new Mesh({
      createPeer: () => new wrtc.RTCPeerConnection({ iceServers: this.#iceServers }),
      send: (to, signal) => this.#signaling.send({ type: 'signal', to, signal }),
      onTrack: (from, track) => this.#listening.add(from, track),
      onError: (error) => console.warn(`${this.#name}: a connection failed`, error),
      receiveOnly: kind === 'bot',
    });
    void this.#mesh.setTrack(this.#source.createTrack());
    const url = new URL(`/api/rooms/${room}/ws`, server);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#signaling = new SignalingClient({
      url: url.href,
      join: { name, kind, muted: kind === 'bot', ...(hostKey ? { host_key: hostKey } : {}) },
      onMessage: (message) => this.#receive(message),
      onLost: () => this.#become('lost'),
    });
    setInterval(() => this.#reportHeard(), heardEveryMs);
  }

  obey(order: Order): void {
    switch (order.type) {
      case 'speak':
        void this.#speak(order.call, order.speech);
        break;
      case 'set-muted':
        this.#muted = order.muted;
        this.#signaling.send({ type: 'state', muted: order.muted });
        break;
      case 'listen':
        this.#listenTo.add(order.participantId);
        break;
      case 'end':
        this.#signaling.send({ type: 'end' });
        break;
      case 'leave':
        this.#signaling.leave();
        this.#become('left');
        break;
      default:
        this.#signaling.send({ type: order.type, participant_id: order.participantId });
    }
  }

  async #speak(call: number, speech: string | Int16Array): Promise<void> {
    try {
      const samples = typeof speech === 'string' ? await readWav(speech) : speech;
      this.#report({ type: 'spoken', call, at: await this.#pacer.speak(samples) });
    } catch (error) {
      this.#report({ type: 'not-spoken', call, message: error instanceof Error ? error.message : String(error) });
    }
  }

  #emit(frame: Int16Array): void {
    const samples = this.#muted ? new Int16Array(frame.length) : frame;
    this.#source.onData({ samples, sampleRate, bitsPerSample: 16, channelCount: 1, numberOfFrames: samples.length });
  }

  #receive(message: ServerMessage): void {
    switch (message.type) {
      case 'lobby':
        this.#id = message.self_id;
        this.#become('lobby');
        break;
      case 'joined':
        this.#joined(message);
        break;
      case 'participant_joined':
      case 'participant_changed':
        this.#put(message.participant);
        break;
      case 'participant_left':
        this.#drop(message.participant_id);
        break;
      case 'signal':
        if (this.#others.has(message.from)) this.#mesh.receive(message.from, message.signal);
        break;
      case 'closed':
        this.#become(message.reason);
        break;
      case 'error':
        if (this.#state === 'joining') this.#become('refused', message.message);
    }
  }

  #joined(message: ServerMessage & { type: 'joined' }): void {
    for (const other of [...this.#others.keys()]) this.#drop(other);
    this.#id = message.self.id;
    this.#iceServers = message.ice_servers as RTCIceServer[];
    for (const other of message.participants) {
      this.#put(other);
      if (!this.#botsOnly || other.kind === 'bot') this.#mesh.connect(other.id);
    }
    this.#become('in-meeting');
  }

  #put(participant: Participant): void {
    if (participant.id === this.#id) return;
    this.#others.set(participant.id, participant);
    this.#report({ type: 'others', participants: [...this.#others.values()] });
  }

  #drop(participantId: string): void {
    this.#others.delete(participantId);
    this.#listening.drop(participantId);
    this.#mesh.drop(participantId);
    this.#report({ type: 'others', participants: [...this.#others.values()] });
  }

  #become(state: ParticipantState, refusal = ''): void {
    this.#state = state;
    const over = state !== 'joining' && state !== 'lobby' && state !== 'in-meeting';
    if (over) {
      this.#pacer[Symbol.dispose]();
      this.#signaling.stop();
      this.#listening[Symbol.dispose]();
      this.#mesh.close();
    }
    this.#report({ type: 'state', state, id: this.#id, refusal });
  }

  #reportHeard(): void {
    for (const participantId of this.#listenTo) {
      this.#report({ type: 'heard', participantId, heard: this.#listening.heard(participantId) });
    }
  }
}
