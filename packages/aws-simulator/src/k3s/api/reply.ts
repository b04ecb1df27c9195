/** Answers of the simulated API server. */
export interface ApiReply {
  status: number;
  type: string;
  body: string;
}

export function json(body: object): ApiReply {
  return { status: 200, type: 'application/json', body: JSON.stringify(body) };
}

export function text(code: number, body: string): ApiReply {
  return { status: code, type: 'text/plain; charset=utf-8', body };
}

export function status(code: number, reason: string, message: string): ApiReply {
  const body = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  return { status: code, type: 'application/json', body: JSON.stringify(body) };
}
