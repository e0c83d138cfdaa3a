import { type Env, httpUrl, jsonOf, parseEnv, port, serviceEnv } from '@vexa/shared/config';
import type { LogLevel } from '@vexa/shared/logging';
import { z } from 'zod';
import { IceServer } from './signaling/messages.ts';

const IceServersJson = jsonOf(
  z.string().default('[]'),
  z.array(IceServer).max(8),
  'must be JSON such as [{"urls":"stun:stun.example.org"}]',
);

const MeetingRoomEnv = z.object({
  ...serviceEnv,
  PORT: port(8090),
  PUBLIC_URL: httpUrl.optional(),
  ICE_SERVERS: IceServersJson,
  FACES: z.enum(['0', '1']).default('0'),
});

export interface MeetingRoomConfig {
  http: { port: number; host: string };
  /** Origin in the links handed out; without it, the origin of the request that asked. */
  publicUrl?: string | undefined;
  iceServers: IceServer[];
  /** Whether rooms can also be entered through pages that behave like other platforms, for tests. */
  faces?: boolean;
}

/** Throws `ConfigError` naming every bad variable. */
export function configFromEnv(env: Env): MeetingRoomConfig & { logLevel: LogLevel } {
  const parsed = parseEnv(MeetingRoomEnv, env);
  return {
    http: { port: parsed.PORT, host: parsed.HOST },
    publicUrl: parsed.PUBLIC_URL,
    iceServers: parsed.ICE_SERVERS,
    faces: parsed.FACES === '1',
    logLevel: parsed.LOG_LEVEL,
  };
}
