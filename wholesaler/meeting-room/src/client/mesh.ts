/// <reference lib="dom" />
import type { PeerSignal } from '../signaling/messages.ts';

interface MeshOptions {
  createPeer: () => RTCPeerConnection;
  send: (participantId: string, signal: PeerSignal) => void;
  onTrack: (participantId: string, track: MediaStreamTrack, receiver: RTCRtpReceiver) => void;
  onError: (error: unknown) => void;
  /** Listens only and never sends audio, not even silence. */
  receiveOnly: boolean;
}

interface Peer {
  connection: string;
  pc: RTCPeerConnection;
  offered: boolean;
  /** Descriptions and candidates are applied one after the other, in the order they came. */
  work: Promise<void>;
}

const maxAttempts = 5;

/**
 * One RTCPeerConnection per other participant. Who comes later offers; a connection that fails is offered anew by
 * the same side, under a new connection id, so that signals of the old one are recognised and left out.
 */
export class Mesh {
  readonly #options: MeshOptions;
  readonly #peers = new Map<string, Peer>();
  readonly #attempts = new Map<string, number>();
  #track: MediaStreamTrack | null = null;

  constructor(options: MeshOptions) {
    this.#options = options;
  }

  /** What the others hear from now on; null is silence. */
  async setTrack(track: MediaStreamTrack | null): Promise<void> {
    this.#track = track;
    if (this.#options.receiveOnly) return;
    const senders = [...this.#peers.values()].flatMap(({ pc }) => pc.getSenders());
    await Promise.all(senders.map((sender) => sender.replaceTrack(track)));
  }

  /** Offers a connection to somebody who is there already. */
  connect(participantId: string): void {
    const attempt = (this.#attempts.get(participantId) ?? 0) + 1;
    if (attempt > maxAttempts) return;
    this.#attempts.set(participantId, attempt);
    const peer = this.#open(participantId, crypto.randomUUID(), true);
    this.#enqueue(peer, async () => {
      const direction = this.#options.receiveOnly ? 'recvonly' : 'sendrecv';
      const { sender } = peer.pc.addTransceiver('audio', { direction });
      if (!this.#options.receiveOnly && this.#track) await sender.replaceTrack(this.#track);
      await this.#describe(participantId, peer, await peer.pc.createOffer());
    });
  }

  receive(participantId: string, signal: PeerSignal): void {
    if ('description' in signal && signal.description.type === 'offer') {
      const peer = this.#open(participantId, signal.connection, false);
      this.#enqueue(peer, () => this.#answer(participantId, peer, signal.description));
      return;
    }
    const peer = this.#peers.get(participantId);
    if (peer?.connection !== signal.connection) return;
    this.#enqueue(peer, () =>
      'description' in signal
        ? peer.pc.setRemoteDescription(signal.description)
        : peer.pc.addIceCandidate(candidateOf(signal.candidate)),
    );
  }

  drop(participantId: string): void {
    this.#attempts.delete(participantId);
    this.#close(participantId);
  }

  close(): void {
    for (const id of [...this.#peers.keys()]) this.drop(id);
  }

  connectionState(participantId: string): RTCPeerConnectionState | undefined {
    return this.#peers.get(participantId)?.pc.connectionState;
  }

  #open(participantId: string, connection: string, offered: boolean): Peer {
    this.#close(participantId);
    const pc = this.#options.createPeer();
    const peer: Peer = { connection, pc, offered, work: Promise.resolve() };
    this.#peers.set(participantId, peer);
    pc.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      const { sdpMid, sdpMLineIndex } = candidate;
      const plain = { candidate: candidate.candidate, sdpMid, sdpMLineIndex };
      this.#options.send(participantId, { connection, candidate: plain });
    };
    pc.ontrack = ({ track, receiver }) => this.#options.onTrack(participantId, track, receiver);
    pc.onconnectionstatechange = () => {
      if (pc.connectionState === 'connected') this.#attempts.delete(participantId);
      if (pc.connectionState === 'failed' && offered && this.#peers.get(participantId) === peer) {
        this.connect(participantId);
      }
    };
    return peer;
  }

  async #answer(participantId: string, peer: Peer, offer: RTCSessionDescriptionInit): Promise<void> {
    await peer.pc.setRemoteDescription(offer);
    const transceiver = peer.pc.getTransceivers()[0];
    if (transceiver && !this.#options.receiveOnly) {
      transceiver.direction = 'sendrecv';
      if (this.#track) await transceiver.sender.replaceTrack(this.#track);
    }
    await this.#describe(participantId, peer, await peer.pc.createAnswer());
  }

  async #describe(participantId: string, peer: Peer, created: RTCSessionDescriptionInit): Promise<void> {
    const type = created.type === 'offer' ? 'offer' : 'answer';
    const sdp = thrifty(created.sdp ?? '', this.#options.receiveOnly ? listenerPacketMs : undefined);
    await peer.pc.setLocalDescription({ type, sdp });
    this.#options.send(participantId, { connection: peer.connection, description: { type, sdp } });
  }

  #enqueue(peer: Peer, work: () => Promise<void>): void {
    peer.work = peer.work.then(work).catch((error: unknown) => {
      if (peer.pc.signalingState !== 'closed') this.#options.onError(error);
    });
  }

  #close(participantId: string): void {
    const peer = this.#peers.get(participantId);
    if (!peer) return;
    this.#peers.delete(participantId);
    peer.pc.onicecandidate = peer.pc.ontrack = peer.pc.onconnectionstatechange = null;
    peer.pc.close();
  }
}

type Candidate = Extract<PeerSignal, { candidate: object }>['candidate'];

const candidateOf = ({ candidate, sdpMid, sdpMLineIndex }: Candidate): RTCIceCandidateInit => ({
  candidate,
  sdpMid: sdpMid ?? null,
  sdpMLineIndex: sdpMLineIndex ?? null,
});

/** A third of the usual number: who only listens, such as a bot, has these 40 ms, and each packet costs more than what is in it. */
const listenerPacketMs = 60;

/** Sound alone needs no estimate of what the line can carry, and the reports for it would be a third of all packets. */
function thrifty(sdp: string, packetMs?: number): string {
  const reports = /^a=(?:rtcp-fb:\S+ transport-cc|extmap:\S+ \S*transport-wide-cc\S*)\r\n/gm;
  const wish = packetMs ? `a=ptime:${packetMs}\r\n` : '';
  return sdp.replace(reports, '') + wish;
}
