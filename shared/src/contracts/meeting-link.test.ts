import { describe, expect, test } from 'vitest';
import { StartBotRequest, toMeetingRequest } from './meeting.ts';
import { parseMeetingLink } from './meeting-link.ts';
import { meetingUrlOf } from './platform.ts';

const hosts = { meetingRoomUrl: 'http://localhost:8090', jitsiUrl: 'https://meet.jit.si' };
const read = (link: string) => parseMeetingLink(link, hosts);

const meet = { platform: 'google_meet', nativeId: 'abc-defg-hij' };
const zoom = { platform: 'zoom', nativeId: '81234567890' };
const thread = '19:meeting_NjM1ZTk0-ZWQ_t@thread.v2';
const context = { Tid: '72f988bf-86f1-41af-91ab-2d7cd011db47', Oid: '550fae72-d251-43ec-868c-373732c2704f' };
const escapedThread = encodeURIComponent(thread);
const join = `https://teams.microsoft.com/l/meetup-join/${escapedThread}/0`;
const withContext = `${join}?context=${encodeURIComponent(JSON.stringify(context))}`;
const work = {
  platform: 'teams',
  nativeId: thread,
  url: `${join}?${new URLSearchParams({ context: JSON.stringify(context) })}`,
};

describe('a link is read in each form that people paste', () => {
  test.each([
    ['https://meet.google.com/abc-defg-hij', meet],
    ['  <https://meet.google.com/abc-defg-hij?authuser=1&hs=122&pli=1#x>  ', meet],
    ['meet.google.com/ABC-defg-hij/', meet],
    ['https://meet.google.com/abcdefghij', meet],
    ['https://g.co/meet/abc-defg-hij', meet],
    ['https://www.google.com/url?q=https://meet.google.com/abc-defg-hij&sa=D', meet],
    [
      'https://meet.google.com/lookup/team-standup?authuser=0',
      { platform: 'google_meet', nativeId: 'team-standup', url: 'https://meet.google.com/lookup/team-standup' },
    ],
    [
      'https://g.co/meet/standup',
      { platform: 'google_meet', nativeId: 'standup', url: 'https://meet.google.com/lookup/standup' },
    ],
    [
      'https://teams.live.com/meet/9387462516374?p=AbCd%2B1',
      {
        platform: 'teams',
        nativeId: '9387462516374',
        passcode: 'AbCd+1',
        url: 'https://teams.live.com/meet/9387462516374',
      },
    ],
    [
      'https://teams.microsoft.com/meet/123456789012',
      { platform: 'teams', nativeId: '123456789012', url: 'https://teams.microsoft.com/meet/123456789012' },
    ],
    [withContext, work],
    [`https://teams.microsoft.com/_#/l/meetup-join/${withContext.split('/meetup-join/')[1]}`, work],
    [
      `https://teams.microsoft.com/dl/launcher/launcher.html?url=${encodeURIComponent(`/_#${new URL(withContext).pathname}${new URL(withContext).search}`)}&type=meetup-join`,
      work,
    ],
    [`https://nam02.safelinks.protection.outlook.com/?url=${encodeURIComponent(withContext)}&data=05`, work],
    [join, { platform: 'teams', nativeId: thread, url: join }],
    ['https://zoom.us/j/81234567890', zoom],
    ['https://us02web.zoom.us/j/81234567890?pwd=QWx0.1#success', { ...zoom, passcode: 'QWx0.1' }],
    ['https://acme-corp.zoom.us/j/81234567890?uname=Ann', zoom],
    ['https://app.zoom.us/wc/81234567890/join?pwd=a%20b', { ...zoom, passcode: 'a b' }],
    ['https://zoom.us/wc/join/81234567890', zoom],
    ['https://zoom.us/s/81234567890', zoom],
    ['https://zoom.us/j/812-3456-7890', zoom],
    ['zoommtg://zoom.us/join?confno=81234567890&pwd=abc', { ...zoom, passcode: 'abc' }],
    ['https://meet.jit.si/TeamStandup#config.startWithAudioMuted=true', { platform: 'jitsi', nativeId: 'TeamStandup' }],
    ['http://localhost:8090/team-standup?host=secret', { platform: 'local', nativeId: 'team-standup' }],
    ['http://127.0.0.1:8090/team-standup', { platform: 'local', nativeId: 'team-standup' }],
  ])('%s', (link, meeting) => {
    expect(read(link)).toEqual(meeting);
  });
});

describe('a link that is none is refused with what is wrong', () => {
  test.each([
    ['hello', 'is not a link of'],
    ['https://', 'must be a link'],
    ['https://meet.google.com/', 'names no Google Meet meeting'],
    ['https://meet.google.com/landing', 'names no Google Meet meeting'],
    ['http://meet.google.com/abc-defg-hij', 'must begin with https'],
    ['https://meet.google.com.evil.example/abc-defg-hij', 'is not a link of'],
    ['https://ann:secret@meet.google.com/abc-defg-hij', 'user name or password'],
    ['https://127.0.0.1/abc-defg-hij', 'is not a link of'],
    ['https://localhost:8091/team-standup', 'is not a link of'],
    ['https://teams.microsoft.com/v2/', 'must be the link of a Teams meeting'],
    ['https://teams.microsoft.com/l/meetup-join/19%3ameeting_cut', 'is not complete'],
    ['https://teams.live.com/meet/12', 'names no Teams meeting'],
    ['https://zoom.us/my/ann.smith', 'personal Zoom room'],
    ['https://events.zoom.us/ev/abc', 'Zoom event'],
    ['https://zoom.us/j/12', 'names no Zoom meeting'],
    ['https://zoom.us/pricing', 'must be the link of a Zoom meeting'],
    ['https://meet.jit.si/a/b', 'one Jitsi room'],
    ['http://localhost:8090/No%20Room', 'names no room'],
    ['http://localhost:8090/%E0%A4%A', 'names no room'],
    [`https://zoom.us/j/${'1'.repeat(3_000)}`, 'at most 2048 characters'],
  ])('%s', (link, problem) => {
    expect(read(link)).toEqual({ problem: expect.stringContaining(problem) });
  });
});

describe('a request names its meeting', () => {
  const resolve = (request: object) => toMeetingRequest(StartBotRequest.parse(request), hosts);

  test('by a link, whose passcode counts unless another one is given', () => {
    const link = 'https://zoom.us/j/81234567890?pwd=abc';
    expect(resolve({ meeting_url: link, bot_name: 'Notes' })).toEqual({
      platform: 'zoom',
      native_meeting_id: '81234567890',
      passcode: 'abc',
      bot_name: 'Notes',
    });
    expect(resolve({ meeting_url: link, passcode: 'xyz' })).toMatchObject({ passcode: 'xyz' });
  });

  test('and what it says twice must agree', () => {
    const link = { meeting_url: 'https://zoom.us/j/81234567890' };
    expect(resolve({ ...link, platform: 'zoom', native_meeting_id: '81234567890' })).toMatchObject({
      platform: 'zoom',
    });
    expect(() => resolve({ ...link, platform: 'teams' })).toThrow('body.platform: is not the one of meeting_url');
    expect(() => resolve({ ...link, native_meeting_id: '81234567891' })).toThrow('body.native_meeting_id: is not');
    expect(() => resolve({ meeting_url: 'https://zoom.us/my/ann' })).toThrow('body.meeting_url: is a personal');
  });

  test('and its link is made of what it says, the passcode where the platform has it', () => {
    const url = (request: object) => meetingUrlOf(resolve(request), hosts);
    const work = 'https://teams.microsoft.com/meet/123456789012';
    expect(url({ meeting_url: `${work}?p=a%2Bb` })).toBe(`${work}?p=a%2Bb`);
    expect(url({ meeting_url: work, passcode: 'xyz' })).toBe(`${work}?p=xyz`);
    expect(url({ meeting_url: withContext })).toBe(resolve({ meeting_url: withContext }).meeting_url);
    expect(url({ meeting_url: 'https://acme.zoom.us/j/81234567890?pwd=abc' })).toBe(
      'https://zoom.us/j/81234567890?pwd=abc',
    );
    expect(url({ platform: 'local', native_meeting_id: 'standup' })).toBe('http://localhost:8090/standup');
  });

  test('and one that names none is told each missing field', () => {
    const { error } = StartBotRequest.safeParse({ platform: 'zoom' });
    expect(error?.issues.map(({ path }) => path[0])).toEqual(['native_meeting_id']);
    expect(StartBotRequest.safeParse({}).error?.issues.map(({ path }) => path[0])).toEqual([
      'platform',
      'native_meeting_id',
    ]);
  });
});
