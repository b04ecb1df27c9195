/** Temporary credentials of STS, by their access key. */
import { randomBytes } from 'node:crypto';

export interface Session {
  /** Of the role. */
  account: string;
  /** Name that the caller gives it; behind the role's name in the ARN. */
  name: string;
  secretAccessKey: string;
  token: string;
  /** Milliseconds since the epoch. */
  expiresAt: number;
}

export class Sessions {
  private readonly byKey = new Map<string, Session>();

  /** @param seconds until they end */
  issue(account: string, name: string, seconds: number): Session & { accessKeyId: string } {
    const accessKeyId = `ASIA${randomBytes(8).toString('hex').toUpperCase()}`;
    const session: Session = {
      account,
      name,
      secretAccessKey: randomBytes(20).toString('hex'),
      token: randomBytes(60).toString('base64'),
      expiresAt: Date.now() + seconds * 1_000,
    };
    this.byKey.set(accessKeyId, session);
    return { ...session, accessKeyId };
  }

  get(accessKeyId: string): Session | undefined {
    return this.byKey.get(accessKeyId);
  }

  /** Ends all sessions now, as if their time had come. */
  expire(): void {
    for (const session of this.byKey.values()) session.expiresAt = Date.now();
  }
}
