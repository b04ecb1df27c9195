import type { News } from '../../model/notify/news.js';

/** Somewhere news go. */
export interface Channel {
  /** Name for messages, because addresses hold secrets. */
  name: string;
  /** @throws Error that quotes the answer, without the address */
  send(news: News): Promise<void>;
}

const TIMEOUT_MS = 5_000;

/** CloudEvents 1.0 in structured mode. [CloudEvents: HTTP protocol binding] */
export const cloudEvent = ({ id, type, time, text, data }: News) => ({
  specversion: '1.0',
  id,
  source: `keelson/${data.region}/${data.cluster}`,
  type,
  time,
  subject: data.cluster,
  datacontenttype: 'application/json',
  data: { ...data, text },
});

/** @param token sent as a bearer token, or null */
export function webhook(url: string, token: string | null): Channel {
  return {
    name: 'webhook',
    send: (news) =>
      post('webhook', url, cloudEvent(news), {
        'content-type': 'application/cloudevents+json',
        ...(token !== null && { authorization: `Bearer ${token}` }),
      }),
  };
}

/** Returns an incoming webhook of Slack, or of a service that accepts the same. [docs: Slack, incoming webhooks] */
export function slack(url: string): Channel {
  return {
    name: 'Slack',
    send: (news) => {
      const hints = news.data.hints.filter((hint) => hint !== '').map((hint) => `\n> ${hint}`);
      return post(
        'Slack',
        url,
        { text: escaped(`${news.text}${hints.join('')}`) },
        { 'content-type': 'application/json' },
      );
    },
  };
}

/** Texts of AWS and of nodes must neither mention people nor link. [docs: Slack, formatting text] */
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

async function post(name: string, url: string, body: unknown, headers: Record<string, string>): Promise<void> {
  let status: number;
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body?.cancel();
    status = answer.status;
  } catch (error) {
    // The error of fetch contains the address, which is a secret.
    const { cause } = error as { cause?: { code?: string } };
    throw new Error(`${name} cannot be reached (${cause?.code ?? (error instanceof Error ? error.name : 'unknown')})`);
  }
  if (status < 200 || status >= 300) throw new Error(`${name} answers HTTP ${status}`);
}
