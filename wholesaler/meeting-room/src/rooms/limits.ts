/** The bounds of the service; all times in milliseconds. */
export interface RoomLimits {
  maxRooms: number;
  maxParticipants: number;
  maxWaiting: number;
  /** How long a participant whose socket broke keeps the place. */
  reconnectGraceMs: number;
  /** Messages kept for a participant whose socket broke; one more and the place is lost. */
  maxBacklog: number;
  /** An empty room is forgotten after this. */
  idleRoomMs: number;
  /** An ended room says so for this long, then its id is free. */
  endedRoomMs: number;
}

export const defaultLimits: RoomLimits = {
  maxRooms: 500,
  maxParticipants: 12,
  maxWaiting: 32,
  reconnectGraceMs: 5_000,
  maxBacklog: 256,
  idleRoomMs: 30 * 60_000,
  endedRoomMs: 10 * 60_000,
};
