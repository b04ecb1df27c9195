import { userInfo } from 'node:os';

/** Who asks: the account's name, where the system knows one. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}
