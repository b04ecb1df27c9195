import type { ClusterDocument } from '../spec/schema.js';
import type { ClusterState, Slot } from '../state.js';
import { type Course, courseOf } from './course.js';
import { confirmedFinding, type FindingKind } from './findings.js';
import { outageOf } from './outage.js';
import { remediationFor } from './remediations.js';

const NAMES = {
  restart: 'restart of K3s',
  reboot: 'reboot',
  'power-cycle': 'stop and start',
  replace: 'replacement',
} as const;

/**
 * Returns the confirmed findings of one kind, since when, and what happens next, for people: `EC2's system status check fails since 12:03Z;
 * waiting for EC2's automatic recovery until 12:18Z, then stop and start; replacement not before 12:33Z`.
 *
 * @returns null when no finding of this kind counts
 */
export function troubleText(state: ClusterState, slot: Slot, kind: FindingKind): string | null {
  const finding = confirmedFinding(state, slot.name, kind);
  if (finding === null) return null;
  const seen = `${finding.text} since ${clock(finding.since)}`;
  if (finding.pendingSince !== null) return `${seen}; the last look has not seen it any more, the next one tells`;
  const next = kind === 'volume-check' ? null : outlookOf(state.document, state, slot, finding.since);
  return next === null ? seen : `${seen}; ${next}`;
}

/**
 * Returns what happens next to an instance in trouble, in words.
 *
 * @param since times of another day than this one get their date, ISO 8601
 * @returns null for an instance without findings
 */
export function outlookOf(document: ClusterDocument, state: ClusterState, slot: Slot, since: string): string | null {
  const course = slot.instance?.power === 'running' ? courseOf(document, state, slot) : null;
  if (course === null) return null;
  const { agent, ready: _, ...checks } = course.findings;
  if (agent !== undefined && Object.keys(checks).length === 0 && outageOf(state)?.slots.has(slot.name))
    return 'other agents are lost as well, so nothing is rebooted or replaced for it';
  // Keelson restarts a K3s that is down, or that a change has made unhealthy; it leaves the machine alone.
  if (course.action !== null && remediationFor(document, state, slot)?.action !== course.action) return null;
  if (course.action === null)
    return course.says === 'Ready'
      ? 'Kubernetes calls the node Ready, so nothing is done to it'
      : 'Kubernetes could not be asked about the node since, so nothing is done to it';
  const at = (word: string, time: string | null): string => (time === null ? '' : ` ${word} ${clock(time, since)}`);
  const next = course.says === 'Ready' ? rebootOutlook(slot, course, at) : stepOutlook(course, at);
  return document.spec.health.autoRepair ? next : `automatic repair is disabled; with \`keelson repair\`: ${next}`;
}

type At = (word: string, time: string | null) => string;

function rebootOutlook(slot: Slot, { due }: Course, at: At): string {
  const done = slot.rebootedAt === null ? '' : `; rebooted${at('at', slot.rebootedAt)}`;
  return `Kubernetes calls the node Ready, so it is not replaced${done}; ${done && 'next '}reboot${at('not before', due)}`;
}

function stepOutlook({ action, due, replaceAt, findings }: Course, at: At): string {
  if (action === null || action === 'replace')
    return `everything gentler was tried; replacement${at('not before', due)}`;
  const then = `; replacement${at('not before', replaceAt)}`;
  return action === 'power-cycle' && findings['system-check'] !== undefined
    ? `waiting for EC2's automatic recovery${at('until', due)}, then ${NAMES[action]}${then}`
    : `next: ${NAMES[action]}${at('not before', due)}${then}`;
}

/** Returns hours and minutes in UTC, with the date if it differs. */
function clock(iso: string, since = iso): string {
  const time = `${iso.slice(11, 16)}Z`;
  return iso.slice(0, 10) === since.slice(0, 10) ? time : `${iso.slice(0, 10)} ${time}`;
}
