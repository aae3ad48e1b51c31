//<![CDATA[
// A click on a row marks it, all that it became in the columns to its right, and all that it was made of in those to
// its left. A second click takes the mark away. A click on a line of source marks every row that it made.
'use strict';
(() => {
	const colours = 6;
	const rows = [...document.querySelectorAll('tr.n')];
	const byID = new Map(rows.map(r => [r.id, r]));
	const to = new Map(), from = new Map();
	for (const r of rows) {
		const next = (r.dataset.to || '').split(' ').filter(id => byID.has(id));
		to.set(r.id, next);
		for (const id of next) {
			if (!from.has(id)) from.set(id, []);
			from.get(id).push(r.id);
		}
	}
	const reach = (start, edges) => {
		const seen = new Set(start), todo = [...start];
		while (todo.length) {
			for (const id of edges.get(todo.pop()) || []) {
				if (!seen.has(id)) { seen.add(id); todo.push(id); }
			}
		}
		return seen;
	};
	const family = start => new Set([...reach(start, to), ...reach(start, from)]);

	const selected = new Map(); // key → {colour, ids}
	const rects = [...document.querySelectorAll('rect[data-row]')];
	const paint = () => {
		for (const r of rows) for (let c = 0; c < colours; c++) r.classList.remove('hit' + c);
		const marked = new Set();
		for (const {colour, ids} of selected.values()) {
			for (const id of ids) {
				marked.add(id);
				marked.add(id.split('m')[0]); // a member's step
				const r = byID.get(id);
				for (let c = 0; c < colours; c++) r.classList.toggle('hit' + c, c === colour);
			}
		}
		for (const r of rects) r.classList.toggle('hit', marked.has(r.dataset.row));
	};
	const show = (ids, except) => {
		const done = new Set(except ? [except.closest('section')] : []);
		for (const r of rows) {
			const box = r.closest('section');
			if (!ids.has(r.id) || done.has(box) || box.classList.contains('shut')) continue;
			done.add(box);
			const at = r.getBoundingClientRect(), frame = box.getBoundingClientRect();
			if (at.top < frame.top + 60 || at.bottom > frame.bottom - 10) {
				box.scrollTop += at.top - frame.top - frame.height / 3;
			}
		}
	};
	const toggle = (key, ids, from) => {
		if (selected.delete(key)) return paint();
		const used = new Set([...selected.values()].map(s => s.colour));
		let colour = 0;
		while (used.has(colour) && colour < colours - 1) colour++;
		selected.set(key, {colour, ids});
		paint();
		show(ids, from);
	};
	const pick = (id, from) => {
		const members = rows.filter(r => r.id.startsWith(id + 'm')).map(r => r.id);
		if (byID.has(id)) toggle(id, family([id, ...members]), from);
	};
	const pickSource = (src, from) => {
		toggle('src ' + src, new Set(rows.filter(r => r.dataset.src === src).map(r => r.id)), from);
	};

	document.addEventListener('click', e => {
		const at = e.target.closest('[data-ref], a[data-src], h2, tr, rect[data-row]');
		if (!at) return;
		if (at.tagName === 'H2') at.parentNode.classList.toggle('shut');
		else if (at.dataset.ref) pick(at.dataset.ref, null);
		else if (at.matches('a[data-src]')) pickSource(at.dataset.src, at);
		else if (at.matches('.panels tr[data-src]')) pickSource(at.dataset.src, null);
		else if (at.dataset.row) pick(at.dataset.row, null);
		else if (at.id) pick(at.id, at);
	});
})();
//]]>
