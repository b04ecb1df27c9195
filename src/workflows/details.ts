import type { StatusView } from '../model/status.js';
import { plain } from './markdown.js';

/** The cluster in Markdown, for the Web UI's current details: what it does, what it waits for, nodes, conditions. */
export function detailsOf(status: StatusView): string {
  const lines = [
    `**${status.name}** in ${status.region}: **${status.phase}**, ${status.health}, K3s ${plain(status.version)}`,
    '',
  ];
  const { operation, waiting, lastError } = status;
  if (operation !== null && operation.outcome === 'running') {
    const running = operation.steps.filter((step) => step.outcome === 'running');
    const done = operation.steps.filter((step) => step.outcome === 'done').length;
    lines.push(
      `**${operation.kind}** ${plain(operation.id)}, step ${Math.min(done + 1, operation.stepsTotal)}/${operation.stepsTotal}, asked for by ${plain(operation.requestedBy)} (as the sender says): ${plain(operation.reason)}`,
      '',
    );
    for (const step of running)
      lines.push(`- ${step.slot ? `${plain(step.slot)}: ` : ''}${plain(step.title)}, since ${time(step.startedAt)}`);
    if (running.length > 0) lines.push('');
  } else {
    const last = status.operations.at(-1);
    if (last !== undefined)
      lines.push(
        `Last operation: **${last.kind}** ${plain(last.id)}, asked for by ${plain(last.requestedBy)} (as the sender says): **${last.outcome}** ${last.endedAt === null ? '' : time(last.endedAt)}`,
        '',
      );
  }
  if (waiting !== null)
    lines.push(
      `Waiting for ${plain(waiting.for)}, since ${time(waiting.since)}${waiting.until === null ? '' : `, until ${time(waiting.until)}`}`,
      '',
    );
  if (lastError !== null) {
    lines.push(
      `**Last error** ${time(lastError.at)} **${plain(lastError.code)}** in ${plain(lastError.step ?? 'no step')}, attempt ${lastError.attempt}: ${plain(lastError.message.split('\n')[0] ?? '')}`,
      '',
      `What to do: ${plain(lastError.advice)}`,
      '',
    );
  }
  if (status.nodes.length > 0) {
    lines.push(
      '| node | instance | type | zone | private IP | public IP | Ready | voter | doing |',
      '|---|---|---|---|---|---|---|---|---|',
    );
    for (const node of status.nodes) {
      const cells = [
        node.name,
        node.instanceId,
        node.instanceType,
        node.zone,
        node.privateIp,
        node.publicIp,
        node.ready,
        node.voter,
        node.doing,
      ];
      lines.push(`| ${cells.map((cell) => plain(cell ?? '')).join(' | ')} |`);
    }
    lines.push('');
  }
  if (status.conditions.length > 0) {
    lines.push('| condition | status | reason | message | what to do | since |', '|---|---|---|---|---|---|');
    for (const one of status.conditions)
      lines.push(
        `| ${one.type} | ${one.status} | ${plain(one.reason)} | ${plain(one.message)} | ${plain(one.advice)} | ${time(one.since)} |`,
      );
  }
  lines.push(
    '',
    `*Request Cancellation* pauses ${plain(status.name)} and deletes nothing; \`keelson resume ${status.name}\` goes on. To delete it: \`keelson delete ${status.name}\`, or the signal or update \`delete\` with \`{"confirm": "${status.name}"}\`.`,
  );
  return lines.join('\n');
}

const time = (iso: string): string => `${iso.slice(0, 19).replace('T', ' ')}Z`;
