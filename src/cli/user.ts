import { userInfo } from 'node:os';

/** Returns the name of the account, if the system knows one. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'cli';
  }
}
