import { Webhook } from 'standardwebhooks';
import { describe, expect, it } from 'vitest';
import { signWebhook, verifyWebhook, WebhookSecretError, WebhookSignatureError } from './signature.ts';

const whsec = `whsec_${Buffer.from('a-key-of-twenty-four-byte').toString('base64')}`;
const body = '{"type":"meeting.finished","data":{"name":"Zoë"}}';
const message = () => ({ id: 'msg_1', timestamp: new Date(), body });

describe('webhook signatures', () => {
  it.each([whsec, 'any raw string with ümlauts'])('are accepted by whoever has the secret %s', (secret) => {
    const headers = signWebhook([secret], message());
    expect(verifyWebhook([secret], headers, body).id).toBe('msg_1');
  });

  it('are what any Standard Webhooks library accepts', () => {
    expect(new Webhook(whsec).verify(body, { ...signWebhook([whsec], message()) })).toEqual(JSON.parse(body));
  });

  it('agree with the test vector of the specification', () => {
    const headers = signWebhook(['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'], {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: new Date(1_614_265_330_000),
      body: '{"test": 2432232314}',
    });
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('survive a change of secret on either side', () => {
    expect(verifyWebhook(['new', 'old'], signWebhook(['old'], message()), body).id).toBe('msg_1');
    expect(verifyWebhook(['new'], signWebhook(['old', 'new'], message()), body).id).toBe('msg_1');
  });

  it('are read from a Headers object, whatever the case of their names', () => {
    const headers = Object.entries(signWebhook([whsec], message())).map(([k, v]) => [k.toUpperCase(), v]);
    expect(verifyWebhook([whsec], new Headers(headers as [string, string][]), body).id).toBe('msg_1');
  });

  it('are refused for another body, id, secret, or no secret at all', () => {
    const headers = signWebhook([whsec], message());
    expect(() => verifyWebhook([whsec], headers, `${body} `)).toThrow(WebhookSignatureError);
    expect(() => verifyWebhook([whsec], { ...headers, 'webhook-id': 'msg_2' }, body)).toThrow(WebhookSignatureError);
    expect(() => verifyWebhook(['other'], headers, body)).toThrow(WebhookSignatureError);
    expect(() => verifyWebhook([], headers, body)).toThrow(WebhookSignatureError);
    expect(() => verifyWebhook([whsec], {}, body)).toThrow(WebhookSignatureError);
  });

  it.each([-6, 6])('are refused when the timestamp is %d minutes off', (minutes) => {
    const timestamp = new Date(Date.now() + minutes * 60_000);
    const headers = signWebhook([whsec], { ...message(), timestamp });
    expect(() => verifyWebhook([whsec], headers, body)).toThrow(/too (old|new)/);
  });

  it('are not made with an empty secret', () => {
    expect(() => signWebhook(['whsec_'], message())).toThrow(WebhookSecretError);
    expect(() => signWebhook([], message())).toThrow(WebhookSecretError);
  });
});
