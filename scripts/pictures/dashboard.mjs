import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const SCRAPE_SECONDS = 5;
const STEP_SECONDS = 10;
const LINES = 12;
const NAMED = 7;
const COLOURS = [
  ...['#73bf69', '#f2cc0c', '#8ab8ff', '#ff780a', '#f2495c', '#5794f2'],
  ...['#b877d9', '#705da0', '#37872d', '#fade2a', '#c4162a', '#6ed0e0'],
];
const [GREY, GRID] = ['#8e8e9b', '#2c3235'];

/** A real Prometheus that scrapes the worker. */
export async function startPrometheus(folder, metricsUrl) {
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'prometheus.yaml');
  const target = new URL(metricsUrl).host;
  writeFileSync(
    config,
    `global: { scrape_interval: ${SCRAPE_SECONDS}s }\nscrape_configs: [{ job_name: keelson, static_configs: [{ targets: ['${target}'] }] }]\n`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, `--web.listen-address=${address}`],
    { stdio: 'ignore' },
  );
  const started = Date.now();
  return { url: `http://${address}`, started, stop: () => child.kill() };
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** The panels of the dashboard, drawn from the answers of Prometheus to their own queries: there is no Grafana here. */
export async function dashboardPicture({ browser, folder, prometheus, repository }) {
  // Two more scrapes.
  await sleep(2 * SCRAPE_SECONDS * 1_000);
  const { panels } = JSON.parse(readFileSync(join(repository, 'deploy/grafana/keelson.json'), 'utf8'));
  const end = Math.floor(Date.now() / 1_000);
  const range = { start: end - 10 * 60, end };
  const drawn = [];
  for (const panel of panels) drawn.push(await panelOf(panel, prometheus, range));
  const rows = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  const page = await browser.newPage({ viewport: { width: 1448, height: rows * 26 + 44 } });
  const title =
    'Panels of deploy/grafana/keelson.json with the answers of a real Prometheus, drawn without Grafana; the last ten minutes';
  await page.setContent(
    `<body style="margin:0;background:#111217"><div style="color:${GREY};font:11px sans-serif;padding:6px 8px">${title}</div><div style="position:relative;margin:0 4px">${drawn.join('')}</div>`,
  );
  await page.screenshot({ path: join(folder, 'dashboard.png') });
  await page.close();
}

async function panelOf({ title, type, gridPos, targets }, prometheus, range) {
  const box = {
    left: gridPos.x * 60,
    top: gridPos.y * 26,
    width: gridPos.w * 60 - 8,
    height: gridPos.h * 26 - 8,
  };
  const at = `position:absolute;left:${box.left}px;top:${box.top}px`;
  if (type === 'row') return `<div style="${at};color:#ccccdc;font:600 14px sans-serif">&#9662; ${title}</div>`;
  const series = (await Promise.all(targets.map(({ expr }) => seriesOf(expr, title, prometheus, range))))
    .flat()
    .sort((a, b) => highest(b) - highest(a));
  const shown = series.slice(0, LINES);
  const names = shown
    .slice(0, NAMED)
    .map(({ name }, index) => `<span style="color:${COLOURS[index]}">&#9644;</span> ${name}`)
    .join(' &nbsp; ');
  const more = series.length > NAMED ? ` &nbsp; +${series.length - NAMED}` : '';
  const legend = series.length === 0 ? 'no data' : `${names}${more}`;
  return `<div style="${at};width:${box.width}px;height:${box.height}px;background:#181b1f;border:1px solid ${GRID};overflow:hidden"><div style="position:absolute;left:10px;top:6px;color:#ccccdc;font:500 13px sans-serif">${title}</div><svg width="${box.width}" height="${box.height}" style="font-family:sans-serif">${curves(shown, box, range)}</svg><div style="position:absolute;left:10px;right:6px;bottom:4px;height:14px;color:#a0a0ab;font:10px sans-serif;white-space:nowrap;overflow:hidden">${legend}</div></div>`;
}

async function seriesOf(expr, title, prometheus, { start, end }) {
  // Grafana fills these in; of ten minutes an hour would show nothing.
  const query = expr.replaceAll('$region', '.*').replaceAll('$__rate_interval', '1m').replaceAll('[1h]', '[10m]');
  const words = new URLSearchParams({ query, start, end, step: STEP_SECONDS });
  const answer = await (await fetch(`${prometheus}/api/v1/query_range?${words}`)).json();
  if (answer.status !== 'success') throw new Error(`${title}: ${answer.error}`);
  return answer.data.result.map(({ metric, values }) => ({
    name: Object.values(metric).join(' ') || title,
    values: values.map(([time, value]) => [Number(time), Number(value)]).filter(([, value]) => Number.isFinite(value)),
  }));
}

const highest = ({ values }) => Math.max(0, ...values.map(([, value]) => value));

function curves(shown, { width, height }, { start, end }) {
  const top = topOf(Math.max(1e-9, ...shown.map(highest)));
  const [wide, high] = [width - 60, height - 68];
  const x = (time) => 44 + ((time - start) / (end - start)) * wide;
  const y = (value) => 30 + high - (value / top) * high;
  const quarters = [0, 1, 2, 3, 4];
  const values = quarters.map((quarter) => {
    const value = (top / 4) * quarter;
    return `<line x1="44" x2="${44 + wide}" y1="${y(value)}" y2="${y(value)}" stroke="${GRID}"/><text x="40" y="${y(value) + 4}" fill="${GREY}" font-size="10" text-anchor="end">${short(value)}</text>`;
  });
  const times = quarters.map((quarter) => {
    const time = start + ((end - start) / 4) * quarter;
    const clock = new Date(time * 1_000).toISOString().slice(11, 16);
    return `<text x="${x(time)}" y="${high + 44}" fill="${GREY}" font-size="10" text-anchor="middle">${clock}</text>`;
  });
  const lines = shown.map(({ values: points }, index) => {
    const path = points.map(([time, value], at) => {
      const isGap = at === 0 || time - points[at - 1][0] > 3 * STEP_SECONDS;
      return `${isGap ? 'M' : 'L'}${x(time).toFixed(1)},${y(value).toFixed(1)}`;
    });
    return `<path d="${path.join('')}" fill="none" stroke="${COLOURS[index]}" stroke-width="1.5"/>`;
  });
  return [...values, ...times, ...lines].join('');
}

/** Least value above it of which the quarters are round: 4, 8, 10, 12, 20, 40 ... */
function topOf(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 1.2, 2, 4, 6, 8, 10].find((one) => one * power >= value);
}

function short(value) {
  if (value >= 1e9) return `${(value / 1e9).toFixed(1)}G`;
  if (value >= 1_000) return `${(value / 1_000).toFixed(1)}k`;
  return String(Number(value.toPrecision(3)));
}
