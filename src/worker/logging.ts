import { DefaultLogger, type LogLevel as TemporalLevel, type Logger as TemporalLogger } from '@temporalio/worker';
import pino, { type Logger } from 'pino';
import pretty from 'pino-pretty';
import type { LogLevel } from '../config/environment.js';
import { redact } from '../model/redact.js';

const TO_TEMPORAL: Record<LogLevel, TemporalLevel> = {
  trace: 'TRACE',
  debug: 'DEBUG',
  info: 'INFO',
  warn: 'WARN',
  error: 'ERROR',
  fatal: 'ERROR',
};

const TO_PINO = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;

/**
 * Returns a logger that writes one JSON object a line, or lines for a terminal. It masks whole lines, because an error's fields may quote
 * anything.
 *
 * @param out receiver of the lines
 */
export function createLogger(
  level: LogLevel,
  terminal = process.stdout.isTTY === true,
  out: { write: (line: string) => unknown } = process.stdout,
): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  const masked = { write: (line: string) => void out.write(redact(line)) };
  if (!terminal) return pino({ ...options, formatters: { level: (label) => ({ level: label }) } }, masked);
  const lines = pretty({ colorize: true, translateTime: 'HH:MM:ss.l', ignore: 'pid,hostname' });
  return pino(options, { write: (line: string) => void lines.write(redact(line)) });
}

/** Attributes of the SDK that no reader needs in each line. */
const NOISE = new Set(['sdkComponent', 'isLocal', 'taskToken', 'namespace', 'taskQueue']);

/** Sends the logs of the SDK, workflows and activities through the worker's logger. */
export function temporalLogger(logger: Logger, level: LogLevel): TemporalLogger {
  return new DefaultLogger(TO_TEMPORAL[level], ({ level: of, message, meta }) => {
    const fields: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(meta ?? {})) {
      if (NOISE.has(key)) continue;
      fields[key === 'error' ? 'err' : key] = typeof value === 'bigint' ? String(value) : value;
    }
    logger[TO_PINO[of]](fields, message);
  });
}
