/** Keys of services that nothing here reads, and what is said about them. */
import { type ComposeService, isMap, type Lose, listOf } from './compose-file.ts';

const words = (text: string): readonly string[] => text.split(' ');

/** What Fairlead does for every process anyway, each in its own way. */
const granted = words(
  'restart init tty stdin_open container_name depends_on networks read_only cap_drop security_opt tmpfs user logging pull_policy',
);

const read = {
  program: words(
    'build image command entrypoint environment env_file ports expose healthcheck deploy scale mem_limit stop_grace_period volumes secrets',
  ),
  server: words('image environment volumes ports expose healthcheck deploy mem_limit stop_grace_period'),
};

/** Says of each key of a service that it was not read. `kind` tells which keys are. */
export function unreadKeys({ keys, path }: ComposeService, kind: keyof typeof read, lose: Lose): void {
  const known = [...granted, ...read[kind]];
  for (const key of Object.keys(keys).filter((one) => !known.includes(one))) {
    lose([...path, key], `${key} was not carried over`, 'see docs/reference.md for what deploy.yaml has in its place');
  }
  for (const key of isMap(keys.deploy) ? Object.keys(keys.deploy) : []) {
    if (['replicas', 'resources', 'restart_policy', 'mode'].includes(key)) continue;
    lose([...path, 'deploy', key], `deploy.${key} was not carried over`, 'nothing: a release is switched as a whole');
  }
}

/** Says of files and secrets that a program had from outside that it has them no more. */
export function unreadMounts({ keys, path }: ComposeService, lose: Lose): void {
  for (const [index, volume] of listOf(keys.volumes).entries()) {
    const shown = isMap(volume) ? `${volume.source}:${volume.target}` : String(volume);
    lose(
      [...path, 'volumes', index],
      `the volume ${shown} was not carried over: a release has no files of its own that last`,
      'keep uploads in object storage (section storage) and data in the database',
    );
  }
  for (const [index, secret] of listOf(keys.secrets).entries()) {
    lose(
      [...path, 'secrets', index],
      `the secret ${isMap(secret) ? secret.source : secret} was not carried over`,
      'declare it in the section secrets, and name it in app.secrets',
    );
  }
}
