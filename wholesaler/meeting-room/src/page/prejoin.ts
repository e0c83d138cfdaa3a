/// <reference lib="dom" />
import { create, element } from './dom.ts';
import { type Microphone, MicrophoneError } from './microphone.ts';

const levelEveryMs = 80;

/** Asks for the microphone, lets the person choose, test and mute it. Returns what stops the preview. */
export function prepareMicrophone(microphone: Microphone): () => void {
  const note = element('microphone-note');
  const join = element('join', HTMLButtonElement);
  const select = element('microphone', HTMLSelectElement);
  const mute = element('preview-mute');
  const meter = element('preview-level');
  const events = new AbortController();
  const { signal } = events;

  const open = async (deviceId?: string) => {
    try {
      await microphone.open(deviceId);
      // Who went on without a microphone must not be heard because the permission came late.
      if (signal.aborted) return microphone.close();
      note.textContent = '';
      join.textContent = 'Join';
      element('microphone-choice').hidden = false;
      fillDevices(select, await microphone.devices(), microphone.track);
    } catch (error) {
      if (!(error instanceof MicrophoneError)) throw error;
      note.textContent = error.message;
      join.textContent = 'Continue without microphone';
      element('microphone-choice').hidden = true;
    }
  };

  note.textContent = 'Allow the microphone so that the others can hear you.';
  join.textContent = 'Continue without microphone';
  mute.setAttribute('aria-pressed', 'false');
  mute.textContent = 'Mute';
  microphone.setMuted(false);
  select.addEventListener('change', () => void open(select.value), { signal });
  mute.addEventListener(
    'click',
    () => {
      const muted = mute.getAttribute('aria-pressed') !== 'true';
      microphone.setMuted(muted);
      mute.setAttribute('aria-pressed', String(muted));
      mute.textContent = muted ? 'Unmute' : 'Mute';
    },
    { signal },
  );
  const timer = setInterval(() => {
    meter.style.setProperty('--level', String(Math.min(1, microphone.level() * 6)));
  }, levelEveryMs);
  void open();
  return () => {
    clearInterval(timer);
    events.abort();
  };
}

function fillDevices(select: HTMLSelectElement, devices: MediaDeviceInfo[], track: MediaStreamTrack | undefined): void {
  const current = track?.getSettings().deviceId;
  select.replaceChildren(
    ...devices.map(({ deviceId, label }, index) =>
      create('option', {
        value: deviceId,
        textContent: label || `Microphone ${index + 1}`,
        selected: deviceId === current,
      }),
    ),
  );
}
