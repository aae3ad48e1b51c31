/* The elementwise chain and its gradient as one loop, for a compiler to vectorise: what fusion can reach. Speaks the
   protocol of package wire. */
#define _GNU_SOURCE
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double at(uint64_t stream, uint64_t i) {
	uint64_t z = ((stream << 32) + i + 1) * 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	z ^= z >> 31;
	return (double)(z >> 40) / (1 << 23) - 1;
}

static double now(void) {
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void *array(size_t n, size_t size) { return aligned_alloc(64, (n * size + 63) / 64 * 64); }

#define CASE(T, EXP)                                                                                            \
	static T *x_##T, *w_##T, *b_##T, *g_##T;                                                                    \
	static T step_##T(long n, const T *restrict x, const T *restrict w, const T *restrict b, T *restrict g) {   \
		T y = 0;                                                                                                \
		for (long i = 0; i < n; i++) {                                                                          \
			T e = EXP(-2 * (x[i] * w[i] + b[i])), t = (1 - e) / (1 + e), s = 1 / (1 + EXP(-x[i]));              \
			y += t * s;                                                                                         \
			g[i] = (1 - t * t) * w[i] * s + t * s * (1 - s);                                                    \
		}                                                                                                       \
		return y;                                                                                               \
	}                                                                                                           \
	static void prepare_##T(long n) {                                                                           \
		free(x_##T), free(w_##T), free(b_##T), free(g_##T);                                                     \
		x_##T = array(n, sizeof(T)), w_##T = array(n, sizeof(T));                                               \
		b_##T = array(n, sizeof(T)), g_##T = array(n, sizeof(T));                                               \
		for (long i = 0; i < n; i++) x_##T[i] = 2 * at(1, i), w_##T[i] = at(2, i), b_##T[i] = at(3, i);         \
	}                                                                                                           \
	static double run_##T(long n) { return step_##T(n, x_##T, w_##T, b_##T, g_##T); }                           \
	static double grad_##T(long i) { return g_##T[i]; }

CASE(float, expf)
CASE(double, exp)

int main(void) {
	static char line[256];
	double (*run)(long) = NULL, (*grad)(long) = NULL;
	volatile double sink = 0;
	long n = 0, iterations, samples;
	int bits;
	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof line, stdin)) {
		if (!strncmp(line, "hello", 5)) {
			puts("ok one fused loop in C, vectorised by the compiler");
		} else if (sscanf(line, "prepare chain_f%d_n%ld", &bits, &n) == 2) {
			if (bits == 32) prepare_float(n), run = run_float, grad = grad_float;
			else prepare_double(n), run = run_double, grad = grad_double;
			puts("ok");
		} else if (!strncmp(line, "prepare", 7)) {
			puts("unsupported it has the elementwise chain alone");
		} else if (!strncmp(line, "answer", 6) && run) {
			double y = run(n), sum = 0, squares = 0;
			for (long i = 0; i < n; i++) {
				double term = grad(i) * at(0, i);
				sum += term, squares += term * term;
			}
			printf("ok %.17g %.17g %.17g %.17g\n", y, fabs(y), sum, sqrt(squares));
		} else if (sscanf(line, "run %ld %ld", &iterations, &samples) == 2 && run) {
			printf("ok");
			for (long s = 0; s < samples; s++) {
				double start = now();
				for (long i = 0; i < iterations; i++) sink = run(n);
				printf(" %.6g", (now() - start) / iterations * 1e6);
			}
			putchar('\n');
		} else if (!strncmp(line, "allocs", 6)) {
			puts("ok none");
		} else {
			puts("error no such command, or no case is prepared");
		}
	}
	(void)sink;
	return 0;
}
