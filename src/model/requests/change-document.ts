import { refusalsOf } from '../diff.js';
import { versionsInUse } from '../k3s/installed.js';
import { parseDocument } from '../spec/parse.js';
import type { ClusterDocument } from '../spec/schema.js';
import { violationText } from '../spec/violation.js';
import type { ClusterState } from '../state.js';
import { accepted, type Decision, invalid, unchanged } from './decision.js';

/** Stops or starts the cluster: its document says so from now on. */
export function desiredState(state: ClusterState, wanted: 'running' | 'stopped', message: string): Decision {
  const document = { ...state.document, spec: { ...state.document.spec, state: wanted } };
  return accepted(message, { desiredState: wanted, document, breakers: {} });
}

/** Gives the servers, or a pool, another instance type. */
export function resize(state: ClusterState, body: Record<string, unknown>): Decision {
  const { instanceType, pool } = body;
  if (typeof instanceType !== 'string')
    return invalid('resize wants {"instanceType": "<type>"}, and {"pool": "<name>"} for agents');
  const { spec } = state.document;
  if (pool !== undefined && !spec.pools.some((one) => one.name === pool))
    return invalid(`there is no pool ${JSON.stringify(pool)}`);
  const resized: ClusterDocument = {
    ...state.document,
    spec:
      pool === undefined
        ? { ...spec, servers: { ...spec.servers, instanceType } }
        : { ...spec, pools: spec.pools.map((one) => (one.name === pool ? { ...one, instanceType } : one)) },
  };
  const current =
    pool === undefined ? spec.servers.instanceType : spec.pools.find((one) => one.name === pool)?.instanceType;
  if (current === instanceType && state.unavailableTypes[instanceType] === undefined)
    return unchanged(`the type is ${instanceType}`);
  const parsed = parseDocument(resized);
  if (!parsed.ok) return invalid(`${instanceType}: ${parsed.violations[0]?.message ?? 'not an instance type'}`);
  return accepted(`${pool ?? 'servers'} will be of type ${instanceType}`, {
    document: resized,
    breakers: {},
    unavailableTypes: {},
  });
}

/** Puts another document in force. */
export function apply(state: ClusterState, value: unknown): Decision {
  if (value === undefined) return invalid('apply wants {"document": {...}}');
  const parsed = parseDocument(value);
  if (!parsed.ok) {
    const problems = parsed.violations.map(violationText);
    return {
      outcome: 'refused',
      type: 'InvalidSpec',
      message: `the document has ${problems.length} problem(s): ${problems.join('; ')}`,
      problems,
    };
  }
  const { document } = parsed;
  if (document.metadata.name !== state.document.metadata.name) {
    return invalid(`the document is of ${document.metadata.name}, this cluster is ${state.document.metadata.name}`);
  }
  const refusals = refusalsOf(state.document, document, versionsInUse(state));
  if (refusals.length > 0) return invalid(`cannot be changed: ${refusals.join('; ')}`, refusals);
  // The same document again is not news, and a program that applies it each minute must not open what a breaker keeps shut.
  if (JSON.stringify(document) === JSON.stringify(state.document)) {
    const until = Object.values(state.breakers)
      .flatMap((breaker) => breaker?.openUntil ?? [])
      .sort()
      .at(-1);
    return unchanged(
      until === undefined
        ? 'the document is the one in force'
        : `the document is the one in force, and nothing is tried until ${until}: \`keelson retry\` tries at once`,
    );
  }
  return accepted('the document is in force', {
    document,
    desiredState: document.spec.state,
    paused: document.spec.paused,
    breakers: {},
    unavailableTypes: {},
  });
}
