/** K3s's log lines, as logrus writes them, and the exit that follows a fatal one. */
import { ServiceExit } from '../machine/unit.js';

export type Level = 'info' | 'warning' | 'error' | 'fatal';

export function logLine(level: Level, message: string, at = new Date()): string {
  return `time="${at.toISOString().replace(/\.\d+Z$/, 'Z')}" level=${level} msg=${JSON.stringify(message)}`;
}

/** The process logs a fatal line and ends; systemd may start it again. */
export function fatal(message: string): ServiceExit {
  return new ServiceExit(logLine('fatal', message));
}
