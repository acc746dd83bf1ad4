// Of rows.js: a table as CSV and as JSON, with all of its rows, and a column of text with the numbers by which it is sorted.
const FORMULA = /^[\s\u00a0]*[=+\-@\t\r\n＝＋－＠]/; // a spreadsheet runs a cell that begins so (OWASP, CSV injection)
const NUMBER = /^[+-]?\d+(\.\d+)?$/;

// The names of the columns, and the rows: text, or a number, or null where it is not known.
function recordsOf({ columns, rows, numbers, listed }) {
  const names = [];
  const readers = [];
  const add = (name, read) => (names.push(name), readers.push(read));
  columns.forEach((column, c) => {
    const found = numbers[c];
    const isTime = column.kind === "time";
    const isPlain = found && rows.every((cells) => NUMBER.test(cells[c]));
    if (isTime) add(column.name, (k) => (found[k] === null ? null : new Date(1000 * found[k]).toISOString()));
    else if (isPlain) add(column.name, (k) => found[k]);
    else add(column.name, (k) => rows[k][c]);
    if (found && !isTime && !isPlain) add(`${column.name} (number)`, (k) => found[k]);
    if (listed?.under[c]) add(`${column.name} (finding)`, (k) => listed.under[c][k]);
  });
  return { names, records: rows.map((_, k) => readers.map((read) => read(k))) };
}

function asCsv(data) {
  const { names, records } = recordsOf(data);
  const cell = (value) => {
    if (value === null) return "";
    if (typeof value === "number") return String(value);
    const text = FORMULA.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [names, ...records].map((row) => row.map(cell).join(","));
  return new Blob([lines.join("\n") + "\n"], { type: "text/csv" });
}

function asJson(data) {
  const { names, records } = recordsOf(data);
  const rows = records.map((row) => Object.fromEntries(names.map((name, c) => [name, row[c]])));
  return new Blob([JSON.stringify(rows, null, 1)], { type: "application/json" });
}
