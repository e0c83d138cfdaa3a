import { z } from '@hono/zod-openapi';

export const Platform = z.enum(['google_meet', 'teams', 'zoom', 'jitsi', 'local']);
export type Platform = z.infer<typeof Platform>;

interface PlatformRule {
  nativeId: RegExp;
  describe: string;
}

const rules: Record<Platform, PlatformRule> = {
  google_meet: { nativeId: /^[a-z]{3}-[a-z]{4}-[a-z]{3}$/, describe: 'three groups of letters such as abc-defg-hij' },
  teams: { nativeId: /^\d{9,15}$/, describe: '9 to 15 digits' },
  zoom: { nativeId: /^\d{9,11}$/, describe: '9 to 11 digits' },
  jitsi: { nativeId: /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, describe: 'a room name without spaces or slashes' },
  local: { nativeId: /^[a-z0-9-]{3,64}$/, describe: '3 to 64 lower-case letters, digits or hyphens' },
};

/** What is wrong with a native meeting id, or undefined when it fits its platform. */
export const nativeIdProblem = (platform: Platform, nativeId: string): string | undefined =>
  rules[platform].nativeId.test(nativeId)
    ? undefined
    : `native_meeting_id for ${platform} must be ${rules[platform].describe}`;

/** Origins the operator chose for platforms that are not a public service with one address. */
export interface PlatformHosts {
  meetingRoomUrl: string;
  jitsiUrl: string;
}

interface MeetingName {
  platform: Platform;
  native_meeting_id: string;
  passcode?: string | null | undefined;
  /** Where the native id alone does not make the link. */
  meeting_url?: string | null | undefined;
}

/** The link a person would open; the passcode is added where the platform carries it in the link. */
export function meetingUrlOf(meeting: MeetingName, hosts: PlatformHosts): string {
  const { platform, native_meeting_id: nativeId, passcode, meeting_url: given } = meeting;
  const query = (name: string) => (passcode ? `?${name}=${encodeURIComponent(passcode)}` : '');
  switch (platform) {
    case 'google_meet':
      return given ?? `https://meet.google.com/${nativeId}`;
    case 'teams':
      if (given && nativeIdProblem(platform, nativeId)) return given;
      return `${given ?? `https://teams.live.com/meet/${nativeId}`}${query('p')}`;
    case 'zoom':
      return `https://zoom.us/j/${nativeId}${query('pwd')}`;
    case 'jitsi':
      return new URL(`/${encodeURIComponent(nativeId)}`, hosts.jitsiUrl).href;
    case 'local':
      return new URL(`/${nativeId}`, hosts.meetingRoomUrl).href;
  }
}
