import type { Platform, PlatformHosts } from './platform.ts';
import { nativeIdProblem } from './platform.ts';

/** What a link that somebody pasted says. */
export interface MeetingLink {
  platform: Platform;
  nativeId: string;
  passcode?: string;
  /** Only where the native id does not make the link: rebuilt, so that nothing but the meeting is in it, no passcode either. */
  url?: string;
}

type Parsed = MeetingLink | { problem: string };

const longestLink = 2_048;
/** A link within a link within a link is nobody's meeting. */
const maxWraps = 2;

/** Reads a meeting link as users paste it. A `problem` is worded to follow the name of the field. */
export function parseMeetingLink(text: string, hosts: PlatformHosts): Parsed {
  const problem = 'must be a link such as https://meet.google.com/abc-defg-hij';
  if (text.length > longestLink) return { problem: `must have at most ${longestLink} characters` };
  const bare = text.trim().replace(/^<(.*)>$/, '$1');
  const link = /^[a-z][a-z\d+-]*:\/\//i.test(bare) ? bare : `https://${bare}`;
  if (!URL.canParse(link)) return { problem };
  let url = new URL(link);
  for (let wrap = 0; wrap < maxWraps; wrap += 1) url = unwrapped(url);
  if (url.username || url.password) return { problem: 'must not contain a user name or password' };
  const parse = parserOf(url, hosts);
  if (!parse) return { problem: `is not a link of Google Meet, Teams, Zoom or a configured meeting server` };
  if (url.protocol !== 'https:' && !parse.plain) return { problem: 'must begin with https://' };
  return parse.read(url);
}

interface Parser {
  read: (url: URL) => Parsed;
  /** Other protocols than https are fine. */
  plain?: boolean;
}

function parserOf(url: URL, hosts: PlatformHosts): Parser | undefined {
  const host = url.hostname.toLowerCase();
  if (sameServer(url, hosts.meetingRoomUrl)) return { read: readLocal, plain: true };
  if (sameServer(url, hosts.jitsiUrl)) return { read: readJitsi, plain: hosts.jitsiUrl.startsWith('http:') };
  if (host === 'meet.google.com' || (host === 'g.co' && url.pathname.startsWith('/meet/'))) return { read: readMeet };
  if (host === 'teams.microsoft.com' || host === 'teams.live.com' || host === 'teams.cloud.microsoft') {
    return { read: readTeams };
  }
  if (url.protocol === 'zoommtg:' || url.protocol === 'zoomus:') return { read: readZoomApp, plain: true };
  if (host === 'zoom.us' || host.endsWith('.zoom.us')) return { read: readZoom };
  if (host === 'zoom.com' || host.endsWith('.zoom.com')) return { read: readZoom };
  return undefined;
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);
const portOf = ({ port, protocol }: URL): string => port || (protocol === 'https:' ? '443' : '80');

function sameServer(url: URL, server: string): boolean {
  const other = new URL(server);
  const sameHost = url.hostname === other.hostname || (loopback.has(url.hostname) && loopback.has(other.hostname));
  // A link without a protocol is taken for https, so a server on its usual port is found by either.
  const usual = url.port === '' && other.port === '';
  return sameHost && (usual || portOf(url) === portOf(other));
}

/** Mail and chat programs put links into links of theirs. */
function unwrapped(url: URL): URL {
  const { hostname, pathname, searchParams } = url;
  const inner =
    (hostname.endsWith('.safelinks.protection.outlook.com') && searchParams.get('url')) ||
    (/^(www\.)?google\.[a-z.]+$/.test(hostname) &&
      pathname === '/url' &&
      (searchParams.get('q') ?? searchParams.get('url'))) ||
    // What the address bar shows while Teams asks whether to open its app.
    (/^teams\./.test(hostname) && pathname.startsWith('/dl/launcher/') && inTeams(searchParams.get('url'))) ||
    (/^teams\./.test(hostname) && /^#?\/(l|meet)\//.test(url.hash) && inTeams(url.hash.slice(1)));
  return inner && URL.canParse(inner) ? new URL(inner) : url;
}

const inTeams = (path: string | null): string | undefined =>
  path ? `https://teams.microsoft.com${path.replace(/^\/?_?#?\/?/, '/')}` : undefined;

/** The parts of a path, decoded; what cannot be decoded is no part of any link. */
const partsOf = ({ pathname }: URL): string[] =>
  pathname
    .split('/')
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return '';
      }
    });

const passcodeOf = (passcode: string | null | undefined): { passcode?: string } => (passcode ? { passcode } : {});

function readLocal(url: URL): Parsed {
  const [room = ''] = partsOf(url);
  const wrong = nativeIdProblem('local', room);
  return wrong ? { problem: `names no room: ${wrong}` } : { platform: 'local', nativeId: room };
}

function readJitsi(url: URL): Parsed {
  const parts = partsOf(url);
  if (parts.length !== 1) return { problem: 'must name one Jitsi room, as in https://host/Room' };
  const [room = ''] = parts;
  const wrong = nativeIdProblem('jitsi', room);
  return wrong ? { problem: `names no Jitsi room: ${wrong}` } : { platform: 'jitsi', nativeId: room };
}

const nickname = /^[a-z\d][a-z\d-]{2,59}$/i;

function readMeet(url: URL): Parsed {
  const parts = partsOf(url);
  if (parts[0] === 'meet') parts.shift();
  const [first = '', second = ''] = parts;
  // meet.google.com takes the code without its hyphens too.
  const code = first.toLowerCase().replace(/^([a-z]{3})-?([a-z]{4})-?([a-z]{3})$/, '$1-$2-$3');
  if (nativeIdProblem('google_meet', code) === undefined) return { platform: 'google_meet', nativeId: code };
  const name = first === 'lookup' ? second : url.hostname === 'g.co' ? first : '';
  if (nickname.test(name)) {
    return { platform: 'google_meet', nativeId: name, url: `https://meet.google.com/lookup/${name}` };
  }
  return { problem: 'names no Google Meet meeting: its code must be three groups of letters such as abc-defg-hij' };
}

const thread = /^19:[\w-]{1,100}@thread\.(v2|tacv2|skype)$/;
const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function readTeams(url: URL): Parsed {
  const [kind, what = '', meeting = ''] = partsOf(url);
  const passcode = passcodeOf(url.searchParams.get('p') ?? url.searchParams.get('passcode'));
  if (kind === 'meet') {
    const wrong = nativeIdProblem('teams', what);
    if (wrong) return { problem: `names no Teams meeting: ${wrong}` };
    return { platform: 'teams', nativeId: what, ...passcode, url: `https://${url.hostname}/meet/${what}` };
  }
  if (kind !== 'l' || what !== 'meetup-join') {
    return { problem: 'must be the link of a Teams meeting: …/l/meetup-join/… or …/meet/…' };
  }
  const threadId = meeting.replace(/@thread\.[\w.]+$/, (end) => end.toLowerCase());
  if (!thread.test(threadId)) return { problem: 'names no Teams meeting: the part after meetup-join is not complete' };
  return { platform: 'teams', nativeId: threadId, url: meetupJoin(url.hostname, threadId, url.searchParams) };
}

/** The context names the organiser's organisation, without which Teams finds no meeting; nothing else of it is kept. */
function meetupJoin(host: string, threadId: string, query: URLSearchParams): string {
  const link = new URL(`https://${host}/l/meetup-join/${encodeURIComponent(threadId)}/0`);
  let context: Record<string, unknown> = {};
  try {
    context = Object(JSON.parse(query.get('context') ?? '{}'));
  } catch {
    return link.href; // cut off while it was copied; Teams says what it makes of the rest
  }
  const ids = Object.entries(context).filter(
    ([name, value]) => ['Tid', 'Oid'].includes(name) && typeof value === 'string' && uuid.test(value),
  );
  if (ids.length > 0) link.searchParams.set('context', JSON.stringify(Object.fromEntries(ids)));
  return link.href;
}

function readZoom(url: URL): Parsed {
  const parts = partsOf(url);
  if (parts[0] === 'my') {
    return {
      problem:
        'is a personal Zoom room, which tells no meeting id: open it and paste the link it leads to, or give native_meeting_id',
    };
  }
  if (url.hostname.startsWith('events.')) return { problem: 'is a Zoom event, which only registered people can join' };
  const id = parts.map((part) => part.replaceAll(/[\s-]/g, '')).find((part) => /^\d+$/.test(part)) ?? '';
  const known = ['j', 's', 'w', 'wc'].includes(parts[0] ?? '');
  return known
    ? zoomMeeting(id, url.searchParams.get('pwd'))
    : { problem: 'must be the link of a Zoom meeting: …/j/…' };
}

const readZoomApp = ({ searchParams }: URL): Parsed =>
  zoomMeeting(searchParams.get('confno') ?? '', searchParams.get('pwd'));

function zoomMeeting(nativeId: string, pwd: string | null): Parsed {
  const wrong = nativeIdProblem('zoom', nativeId);
  return wrong ? { problem: `names no Zoom meeting: ${wrong}` } : { platform: 'zoom', nativeId, ...passcodeOf(pwd) };
}
