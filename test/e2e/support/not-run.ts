const HELM_INSTALL = `helm install keelson deploy/helm/keelson --namespace keelson --create-namespace \\
  --set image.repository=registry.example.com/keelson,bucket=my-bucket,aws.region=eu-west-1 \\
  --set 'serviceAccount.annotations.eks\\.amazonaws\\.com/role-arn=arn:aws:iam::111122223333:role/keelson-worker'`;

/**
 * Commands of pages that the test of pages does not run, each with its reason: none is skipped silently. By page, as printed; `*` stands for all
 * of a page.
 */
export const NOT_RUN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'README.md': {
    'npm ci': 'it has made the checkout that runs the test',
    'npm run demo':
      'it stays up until Ctrl-C; .ci/run runs it with --once --json, and examples/ha.yaml is applied here',
  },
  'docs/how-to/aws-add-ons.md': { '*': 'needs nodes of EC2 with zones and provider ids' },
  'docs/how-to/data-volumes.md': {
    '*': 'needs the AWS CLI and a node with a volume; test/e2e/volumes.test.ts makes, keeps and deletes volumes',
  },
  'docs/how-to/other-accounts.md': {
    '*': 'needs the AWS CLI and two accounts; test/e2e/other-account.test.ts makes a cluster in a second one of the simulator',
  },
  'docs/how-to/custom-images.md': { '*': 'needs the AWS CLI and an instance whose image lacks a tool' },
  'docs/how-to/encrypt-payloads.md': {
    'keelson codec-server': 'it serves until Ctrl-C; test/e2e/payload-codec.test.ts reads a history by it',
  },
  'docs/how-to/first-cluster-on-aws.md': {
    'aws cloudformation deploy --stack-name keelson --template-file deploy/aws/keelson.yaml --capabilities CAPABILITY_IAM \\\n  --parameter-overrides WorkerArns=arn:aws:iam::111122223333:role/keelson-worker KubeconfigReaderArns=arn:aws:iam::111122223333:role/developer':
      'needs an AWS account; test/aws judges the template',
    "aws cloudformation describe-stacks --stack-name keelson --query 'Stacks[0].Outputs' --output table":
      'needs an AWS account',
    'docker compose up --build --detach': 'needs Docker; test/documents/compose.ts reads the file',
    'docker compose ps': 'needs Docker',
  },
  'docs/how-to/first-half-hour.md': {
    'npm pack --workspace packages/cli': 'test/e2e/installed.test.ts packs and installs the command',
    'npm install --global ./keelson-cli-0.1.0.tgz': 'test/e2e/installed.test.ts packs and installs the command',
    '. .keelson/local.env': 'the stack of the test stands in',
  },
  'docs/how-to/pools.md': {
    'aws cloudformation update-stack --stack-name keelson --use-previous-template --capabilities CAPABILITY_IAM \\\n  --parameters ParameterKey=NodeRoleArns,ParameterValue=arn:aws:iam::123456789012:role/app-nodes':
      'needs an AWS account',
  },
  'docs/how-to/repair-a-cluster.md': {
    'aws ec2 get-console-output --instance-id i-0123456789abcdef0 --latest':
      'needs the AWS CLI and an instance of yours',
    'kubectl debug node/shop-server-1-g1 -it --image=busybox -- chroot /host systemctl restart amazon-ssm-agent':
      'needs a container runtime on the node',
    'aws ec2 create-volume --snapshot-id snap-0123456789abcdef0 --availability-zone eu-west-1a':
      'needs the AWS CLI and a snapshot of yours',
    "kubectl get --raw /metrics | grep apiserver_storage_objects | sort -t' ' -k2 -n | tail":
      'needs the metrics of a real K3s',
    'kubectl delete ...': 'an ellipsis',
  },
  'docs/how-to/run-the-worker.md': {
    [HELM_INSTALL]: 'needs a Kubernetes cluster of yours; test/unit/deploy/chart.test.ts checks the chart',
  },
  'docs/how-to/back-up-temporal.md': {
    '*': 'needs Docker; deploy/temporal and docker-compose.yml name the same databases',
  },
  'docs/how-to/upgrade-keelson.md': {
    'docker compose up --build --detach': 'needs Docker',
    'helm upgrade keelson deploy/helm/keelson --namespace keelson --reuse-values':
      'needs a Kubernetes cluster of yours',
    'aws cloudformation deploy --stack-name keelson --template-file deploy/aws/keelson.yaml --capabilities CAPABILITY_IAM':
      'needs an AWS account',
  },
  'docs/explanation/local-region.md': {
    'npm run local': 'it stays up until Ctrl-C; test/e2e/tour.test.ts runs it',
    '. .keelson/local.env': 'the stack of the test stands in',
    'AWS_ACCESS_KEY_ID=local AWS_SECRET_ACCESS_KEY=local-secret aws ec2 describe-instances': 'needs the AWS CLI',
  },
  'docs/explanation/real-hosts.md': { '*': 'needs hosts; test/real runs them' },
};
