/** Which script a job carries: each has a line of its own behind the helpers that all have in front. */

/** What only that script says, in the part that follows its first steps. */
const MARKS = {
  install: /^install_k3s\n$/,
  bootstrap: /^make_token server-token$/m,
  join: /^ *result waited in-vain$/m,
  'service-start': /^take_rotation$/m,
  'service-stop': /^result stopped true$/m,
  'set-manifests': /^take_files\n$/,
  'delete-manifests': /\bfail ManifestNotDeleted\b/,
  'reset-member': /^ *fail MemberIsVoter /m,
  kubeconfig: /^store_kubeconfig\n$/,
  verify: /^missing_nodes\(\) \{$/m,
  'label-nodes': /\bfail LabelsNotSet\b/,
  'write-labels': /^result written true$/m,
  snapshot: /--name "\$SNAPSHOT_NAME"/,
  backup: /^write_marker\(\) \{$/m,
  drain: /^pods_after\(\) /m,
  uncordon: /^result uncordoned true$/m,
  'remove-node': /^removed_name\(\) \{$/m,
  certificates: /^result earliest /m,
  probe: /^altered_files\(\) \{$/m,
  uninstall: /^result uninstalled true$/m,
} as const satisfies Record<string, RegExp>;

export type PaperKind = keyof typeof MARKS;

/** Every script that can be done on paper. */
export const PAPER_KINDS = Object.keys(MARKS) as PaperKind[];

/** The call by which the helpers end and the script begins. */
const BEGIN = '\nenter_job\n';

/**
 * @param text of a script with its helpers in front
 * @returns null for a script that cannot be done on paper
 */
export function kindOf(text: string): PaperKind | null {
  const at = text.indexOf(BEGIN);
  if (at < 0) return null;
  const own = text.slice(at + BEGIN.length);
  return PAPER_KINDS.find((kind) => MARKS[kind].test(own)) ?? null;
}
