/**
 * The scripts of the hand-made pipeline: what an engineer writes who has read K3s's documentation, and nothing of Keelson's.
 * KEELSON_ROOT is empty on a real machine; in the local region it is the folder that stands for one.
 */

const HEAD = 'set -eu\nR=${KEELSON_ROOT:-}\nPATH=$R/usr/local/bin:$PATH\n';

/** The binary, checked, and a unit that is active when K3s is ready. */
export function installScript(mirror: string, version: string): string {
  const base = `${mirror}/${version.replaceAll('+', '%2B')}`;
  return `${HEAD}
mkdir -p "$R/usr/local/bin" "$R/etc/systemd/system" "$R/etc/rancher/k3s"
cd "$R/usr/local/bin"
curl -fsSL -o k3s.new '${base}/k3s'
sum=$(curl -fsSL '${base}/sha256sum-amd64.txt' | awk '$2 == "k3s" || $2 == "*k3s" { print $1 }')
[ "$(sha256sum k3s.new | cut -d ' ' -f 1)" = "$sum" ]
chmod 755 k3s.new
mv k3s.new k3s
cat >"$R/etc/systemd/system/k3s.service" <<UNIT
[Unit]
Description=K3s
Wants=network-online.target
After=network-online.target
[Install]
WantedBy=multi-user.target
[Service]
Type=notify
KillMode=process
Delegate=yes
LimitNOFILE=1048576
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=$R/usr/local/bin/k3s server
UNIT
systemctl daemon-reload
systemctl enable k3s
`;
}

/** Starts the first server and prints the token with which others join. */
export const firstScript = (name: string): string => `${HEAD}
printf 'cluster-init: true\\nnode-name: ${name}\\n' >"$R/etc/rancher/k3s/config.yaml"
systemctl start k3s
echo "token=$(cat "$R/var/lib/rancher/k3s/server/token")"
`;

/** Starts a further server; the command ends when its unit is active, which is after its promotion. */
export const joinScript = (name: string, address: string, token: string): string => `${HEAD}
printf 'server: https://%s:6443\\nnode-name: %s\\ntoken: %s\\n' '${address}' '${name}' '${token}' >"$R/etc/rancher/k3s/config.yaml"
systemctl start k3s
`;

/** Waits until that many nodes are Ready. */
export const readyScript = (nodes: number): string => `${HEAD}
until [ "$(k3s kubectl get nodes --no-headers 2>/dev/null | awk '$2 == "Ready"' | wc -l)" -eq ${nodes} ]; do sleep 0.5; done
`;

/** Fails unless etcd calls this server a voter. */
export const voterScript = `${HEAD}
curl -s --noproxy '*' http://127.0.0.1:2381/metrics | grep -q '^etcd_server_is_learner 0'
`;
