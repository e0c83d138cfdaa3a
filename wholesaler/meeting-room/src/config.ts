import { httpUrl, type parseEnv, port, serviceEnv } from '@vexa/shared/config';
import { z } from 'zod';
import { IceServer } from './signaling/messages.ts';

const IceServersJson = z
  .string()
  .default('[]')
  .transform((text, ctx) => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      ctx.addIssue({ code: 'custom', message: 'must be JSON such as [{"urls":"stun:stun.example.org"}]' });
      return z.NEVER;
    }
  })
  .pipe(z.array(IceServer).max(8));

export const MeetingRoomEnv = z.object({
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

export const toConfig = (env: ReturnType<typeof parseEnv<typeof MeetingRoomEnv>>): MeetingRoomConfig => ({
  http: { port: env.PORT, host: env.HOST },
  publicUrl: env.PUBLIC_URL,
  iceServers: env.ICE_SERVERS,
  faces: env.FACES === '1',
});
