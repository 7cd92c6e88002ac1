import type { LabHost } from '../lab/host.ts';
import { type Ground, plainSite } from './ground.ts';

const folder = '/srv/plain';

/**
 * What many guides set up: one process on a TCP port under a unit, and a site of Nginx that leads there. The program, its runtime, its
 * environment, its user and its database are those of the release that serves. It ends as soon as its requests have ended (without
 * the time that it gives a proxy to let go of its connections), since nothing else could take new ones meanwhile.
 */
const unit = `[Unit]
Description=The notes API, restarted in place

[Service]
User=notes
Group=notes
WorkingDirectory=${folder}/app
EnvironmentFile=${folder}/environment
Environment=PORT=3100 DRAIN_GRACE_MS=0
ExecStart=${folder}/node dist/server.js
Restart=on-failure

[Install]
WantedBy=multi-user.target
`;

const siteOf = (secure: string) => `server {
    listen 80;
${secure}    server_name ${plainSite};
    location / {
        proxy_pass http://127.0.0.1:3100;
        proxy_set_header Host $host;
        proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
        proxy_set_header X-Forwarded-Proto $scheme;
    }
}
`;

/** Sets up the service that is restarted in place, beside the one that is deployed, and returns when it answers. */
export async function setUpPlain({ host }: Ground): Promise<void> {
  await host.sh(`live=$(readlink -f /run/notes/release) && rm -rf ${folder} && mkdir ${folder} && cp -rL "$live/app" ${folder}/app &&
    cp "$live/environment" ${folder}/environment && ln -s "$(readlink -f "$live/node")" ${folder}/node && chmod 644 ${folder}/environment`);
  await put(host, '/etc/systemd/system/plain.service', unit);
  await put(host, '/etc/nginx/sites-enabled/plain.conf', siteOf(await tlsOf(host)));
  await host.sh(`systemctl daemon-reload && systemctl start plain && nginx -t 2>/dev/null && systemctl reload nginx
    for i in $(seq 100); do curl --silent --fail --output /dev/null http://127.0.0.1:3100/readyz && exit 0; sleep 0.1; done; exit 1`);
}

/** The lines of the deployed site that make it speak TLS, for the other one. */
async function tlsOf(host: LabHost): Promise<string> {
  const text = await host.sh(
    "grep -hE '^ *(listen 443 |ssl_certificate|http2 )' /etc/nginx/sites-enabled/notes.conf | sort -u || true",
  );
  return text && `${text.trimEnd()}\n`;
}

export async function removePlain({ host }: Ground): Promise<void> {
  await host.sh(`systemctl stop plain; rm -rf ${folder} /etc/systemd/system/plain.service /etc/nginx/sites-enabled/plain.conf
    systemctl daemon-reload && systemctl reload nginx`);
}

async function put(host: LabHost, path: string, content: string): Promise<void> {
  const { exitCode, stderr } = await host.exec(['sh', '-c', 'cat >"$1"', 'sh', path], { input: content });
  if (exitCode !== 0) throw new Error(`${path} could not be written: ${stderr}`);
}
