import { spawn } from 'node:child_process';
import { ensureMoto } from '../../../scripts/tools/install.mjs';

export interface Moto {
  endpoint: string;
  stop(): Promise<void>;
}

/** Starts an unmodified moto server on a free port of the loopback interface. */
export async function startMoto(): Promise<Moto> {
  const child = spawn(await ensureMoto(), ['-H', '127.0.0.1', '-p', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const endpoint = await new Promise<string>((resolve, reject) => {
    let output = '';
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const address = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (address !== undefined) resolve(address);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`moto_server ended with ${code} before it listened:\n${output}`)));
  });
  return {
    endpoint,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/**
 * Instance profiles belong to IAM, for which the worker has no client: the one Query call that the tests need is written
 * out. moto reads the service from the credential scope and does not check signatures.
 */
export async function createInstanceProfile(endpoint: string, name: string): Promise<void> {
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization:
        'AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0',
    },
    body: new URLSearchParams({ Action: 'CreateInstanceProfile', Version: '2010-05-08', InstanceProfileName: name }),
  });
  if (!answer.ok) throw new Error(`CreateInstanceProfile: ${answer.status} ${await answer.text()}`);
}
