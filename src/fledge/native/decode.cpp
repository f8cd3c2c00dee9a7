// One new token of each row through all layers of a GPT, in one call.
//
// The letters are those of `fledge.model.config`: V D L H G d F, B rows, S slots of the cache.
// `fledge.native.decoder` fills these structures; the torch modules are the oracle of its tests.

#include <atomic>
#include <thread>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "products.h"

extern "C" {

struct Norm {
    const float* weight;  // null: no norm
    const float* bias;    // null: RMSNorm
};

struct Layer {
    Norm attention_norm, query_norm, key_norm, feed_forward_norm;
    Matrix query_key_value, output, up, down;  // up: gate and up where there is a gate
};

struct Model {
    int64_t width, layers, heads, groups, head_width, feed_forward_width;
    int64_t is_gated;  // SwiGLU, not GELU
    double epsilon;
    Matrix embedding, positions, head;  // positions: none where they are rotary
    const float *cosine, *sine;         // context × d; null where positions are learned
    Norm final_norm;
    const Layer* layer;
};

struct Step {
    int64_t rows, longest, threads;  // longest: tokens of the longest row, the new one included
    const int64_t *ids, *lengths;    // lengths: tokens of each row before this one
    float *keys, *values;
    int64_t layer_stride, row_stride, group_stride, slot_stride;  // in floats
    float* logits;                                                // B V
    float* workspace;
};
}

namespace {

constexpr int64_t CHUNK = 64;    // slots of the cache that one task attends to
constexpr int64_t SPINS = 4096;  // looks at a barrier before a thread lets others run

class Barrier {
public:
    void wait(int threads) {
        if (threads == 1) return;
        const int64_t round = rounds.load(std::memory_order_relaxed);
        if (arrived.fetch_add(1, std::memory_order_acq_rel) + 1 == threads) {
            arrived.store(0, std::memory_order_relaxed);
            rounds.store(round + 1, std::memory_order_release);
            return;
        }
        for (int64_t look = 0; rounds.load(std::memory_order_acquire) == round; ++look)
            if (look > SPINS) std::this_thread::yield();
    }

private:
    alignas(LINE) std::atomic<int> arrived{0};
    alignas(LINE) std::atomic<int64_t> rounds{0};
};

struct Team {
    int thread, threads;
    Barrier* barrier;

    // Call `task` with this thread's share of 0 … total, a range in multiples of `unit`; then wait.
    template <class Task>
    void split(int64_t total, int64_t unit, Task task) const {
        const int64_t units = (total + unit - 1) / unit;
        const int64_t first = units * thread / threads * unit;
        const int64_t last = std::min(total, units * (thread + 1) / threads * unit);
        if (first < last) task(first, last);
        barrier->wait(threads);
    }

    template <class Task>
    void each(int64_t total, Task task) const {
        split(total, 1, [&](int64_t first, int64_t last) {
            for (; first < last; ++first) task(first);
        });
    }
};

// eˣ to 2 units in the last place, without a branch, so that compilers vectorise loops of it (Cephes).
inline float exponential(float x) {
    x = x < -87.0f ? -87.0f : x > 88.0f ? 88.0f : x;  // NaN stays NaN
    const float n = std::nearbyint(x * 1.44269504f);
    const float r = x - n * 0.693359375f + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    const int32_t bits = (int32_t(n) + 127) << 23;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    return p * power;
}

void normalise(float* to, const float* x, const Norm& norm, int64_t length, double epsilon) {
    float mean = 0, squares = 0;
    if (norm.bias) {
#pragma omp simd reduction(+ : mean)
        for (int64_t i = 0; i < length; ++i) mean += x[i];
        mean /= float(length);
    }
#pragma omp simd reduction(+ : squares)
    for (int64_t i = 0; i < length; ++i) squares += (x[i] - mean) * (x[i] - mean);
    const float factor = 1.0f / std::sqrt(squares / float(length) + float(epsilon));
    for (int64_t i = 0; i < length; ++i) to[i] = (x[i] - mean) * factor * norm.weight[i];
    if (norm.bias)
        for (int64_t i = 0; i < length; ++i) to[i] += norm.bias[i];
}

void rotate(float* x, const float* cosine, const float* sine, int64_t width) {
    for (int64_t i = 0, half = width / 2; i < half; ++i) {
        const float low = x[i], high = x[i + half];
        x[i] = low * cosine[i] + high * sine[i];
        x[i + half] = high * cosine[i + half] + low * sine[i + half];
    }
}

// Dot products of `query` with four keys, `stride` apart.
void four_dots(const float* query, const float* keys, int64_t stride, int64_t width, float* result) {
    Lanes sums[4] = {};
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES)
        for (int key = 0; key < 4; ++key) sums[key] += load(query + i) * load(keys + key * stride + i);
    totals(sums, result);
    for (; i < width; ++i)
        for (int key = 0; key < 4; ++key) result[key] += query[i] * keys[key * stride + i];
}

// Add up `count` values, `stride` apart, each times its weight.
void mix(const float* weights, const float* values, int64_t stride, int64_t count, int64_t width,
         float* result) {
    constexpr int BLOCK = 4;  // sums that stay in registers
    int64_t i = 0;
    for (; i + BLOCK * LANES <= width; i += BLOCK * LANES) {
        Lanes sums[BLOCK] = {};
        for (int64_t slot = 0; slot < count; ++slot)
            for (int j = 0; j < BLOCK; ++j)
                sums[j] += weights[slot] * load(values + slot * stride + i + j * LANES);
        std::memcpy(result + i, sums, sizeof sums);
    }
    std::fill(result + i, result + width, 0.0f);
    for (int64_t slot = 0; slot < count; ++slot)
        for (int64_t j = i; j < width; ++j) result[j] += weights[slot] * values[slot * stride + j];
}

int64_t chunks_of(int64_t slots) { return (slots + CHUNK - 1) / CHUNK; }

template <class Arithmetic>
class Decoding {
public:
    Decoding(const Model& model, const Step& step, Team team) : m(model), s(step), team(team) {
        float* at = s.workspace;
        auto take = [&at](int64_t floats) {
            float* taken = at;
            at += padded(floats);
            return taken;
        };
        const int64_t attended_width = m.heads * m.head_width;
        const int64_t widest = std::max({m.width, attended_width, m.feed_forward_width});
        x = take(s.rows * m.width);
        heads = take(s.rows * (m.heads + 2 * m.groups) * m.head_width);
        partial = take(s.rows * m.heads * chunks_of(s.longest) * (m.head_width + 2));
        hidden = take(s.rows * m.feed_forward_width * (m.is_gated ? 2 : 1));
        wide = take(s.rows * widest);
        auto values = reinterpret_cast<typename Arithmetic::Input*>(take(s.rows * padded(widest)));
        inputs = {values, take(s.rows), s.rows};
        size = at - s.workspace;
    }

    int64_t workspace_size() const { return size; }

    void run() {
        team.each(s.rows, [&](int64_t row) { embed(row); });
        for (int64_t layer = 0; layer < m.layers; ++layer) {
            const Layer& l = m.layer[layer];
            team.each(s.rows, [&](int64_t row) { norm(l.attention_norm, row); });
            multiply(l.query_key_value, heads, false);
            team.each(s.rows, [&](int64_t row) { remember(l, layer, row); });
            team.each(s.rows * m.groups * chunks_of(s.longest), [&](int64_t task) { attend(layer, task); });
            team.each(s.rows, [&](int64_t row) { combine(row); });
            multiply(l.output, x, true);
            team.each(s.rows, [&](int64_t row) { norm(l.feed_forward_norm, row); });
            multiply(l.up, hidden, false);
            team.each(s.rows, [&](int64_t row) { activate(row); });
            multiply(l.down, x, true);
        }
        team.each(s.rows, [&](int64_t row) { norm(m.final_norm, row); });
        multiply(m.head, s.logits, false);
    }

private:
    void multiply(const Matrix& matrix, float* to, bool adds) {
        team.split(matrix.outputs, TILE, [&](int64_t first, int64_t last) {
            product<Arithmetic>(matrix, inputs, first, last, to, adds);
        });
    }

    void embed(int64_t row) {
        for (int64_t i = 0; i < m.width; ++i) {
            x[row * m.width + i] = element(m.embedding, s.ids[row], i);
            if (m.positions.weight) x[row * m.width + i] += element(m.positions, s.lengths[row], i);
        }
    }

    void norm(const Norm& norm, int64_t row) {
        float* normed = wide + row * m.width;
        normalise(normed, x + row * m.width, norm, m.width, m.epsilon);
        inputs.set(row, normed, m.width);
    }

    // Normalise and turn q and k of a row, and put k and v into the cache.
    void remember(const Layer& l, int64_t layer, int64_t row) {
        const int64_t d = m.head_width, position = s.lengths[row];
        float* head = heads + row * (m.heads + 2 * m.groups) * d;
        for (int64_t h = 0; h < m.heads + m.groups; ++h, head += d) {
            const Norm& norm = h < m.heads ? l.query_norm : l.key_norm;
            if (norm.weight) normalise(head, head, norm, d, m.epsilon);
            if (m.cosine) rotate(head, m.cosine + position * d, m.sine + position * d, d);
        }
        const float *v = head, *k = head - m.groups * d;
        for (int64_t g = 0; g < m.groups; ++g) {
            const int64_t at = slot(layer, row, g, position);
            std::copy_n(k + g * d, d, s.keys + at);
            std::copy_n(v + g * d, d, s.values + at);
        }
    }

    int64_t slot(int64_t layer, int64_t row, int64_t group, int64_t position) const {
        return layer * s.layer_stride + row * s.row_stride + group * s.group_stride +
               position * s.slot_stride;
    }

    // Attend from the queries of one group to one chunk of slots: the largest score, the sum of
    // exponentials and the weighted sum of values (online softmax, Milakov and Gimelshein 2018).
    void attend(int64_t layer, int64_t task) {
        const int64_t chunks = chunks_of(s.longest), d = m.head_width, each = m.heads / m.groups;
        const int64_t chunk = task % chunks, g = task / chunks % m.groups, row = task / chunks / m.groups;
        const int64_t first = chunk * CHUNK, count = std::min(CHUNK, s.lengths[row] + 1 - first);
        if (count <= 0) return;
        const float *keys = s.keys + slot(layer, row, g, first), *values = s.values + slot(layer, row, g, first);
        const float scale = 1.0f / std::sqrt(float(d));
        for (int64_t h = g * each; h < (g + 1) * each; ++h) {
            const float* query = heads + (row * (m.heads + 2 * m.groups) + h) * d;
            float* result = partial + ((row * m.heads + h) * chunks + chunk) * (d + 2);
            float scores[CHUNK], largest = -std::numeric_limits<float>::infinity(), sum = 0;
            int64_t i = 0;
            for (; i + 4 <= count; i += 4)
                four_dots(query, keys + i * s.slot_stride, s.slot_stride, d, scores + i);
            for (; i < count; ++i) {
                float same[4];  // one key four times, so that the order of its sum stays the same
                four_dots(query, keys + i * s.slot_stride, 0, d, same);
                scores[i] = same[0];
            }
            for (i = 0; i < count; ++i) scores[i] *= scale;
            for (i = 0; i < count; ++i) largest = std::max(largest, scores[i]);
            for (i = 0; i < count; ++i) scores[i] = exponential(scores[i] - largest);
            for (i = 0; i < count; ++i) sum += scores[i];
            result[0] = largest, result[1] = sum;
            mix(scores, values, s.slot_stride, count, d, result + 2);
        }
    }

    // Join the chunks of each head.
    void combine(int64_t row) {
        const int64_t d = m.head_width, used = chunks_of(s.lengths[row] + 1), stride = d + 2;
        float* out = wide + row * m.heads * d;
        for (int64_t h = 0; h < m.heads; ++h) {
            const float* parts = partial + (row * m.heads + h) * chunks_of(s.longest) * stride;
            float largest = parts[0], sum = 0;
            for (int64_t c = 1; c < used; ++c) largest = std::max(largest, parts[c * stride]);
            std::fill_n(out + h * d, d, 0.0f);
            for (int64_t c = 0; c < used; ++c) {
                const float factor = exponential(parts[c * stride] - largest);
                sum += factor * parts[c * stride + 1];
                for (int64_t i = 0; i < d; ++i) out[h * d + i] += factor * parts[c * stride + 2 + i];
            }
            for (int64_t i = 0; i < d; ++i) out[h * d + i] /= sum;
        }
        inputs.set(row, out, m.heads * d);
    }

    void activate(int64_t row) {
        const int64_t F = m.feed_forward_width;
        float *h = hidden + row * m.layer->up.outputs, *out = wide + row * F;
        if (m.is_gated)
            for (int64_t i = 0; i < F; ++i) out[i] = h[F + i] * h[i] / (1.0f + exponential(-h[i]));
        else
            for (int64_t i = 0; i < F; ++i) {
                // GELU in its tanh form; ½(1 + tanh z) = 1 / (1 + e⁻²ᶻ).
                const float z = 0.7978845608f * (h[i] + 0.044715f * h[i] * h[i] * h[i]);
                out[i] = h[i] / (1.0f + exponential(-2.0f * z));
            }
        inputs.set(row, out, F);
    }

    const Model& m;
    const Step& s;
    Team team;
    float *x, *heads, *partial, *hidden, *wide;
    Inputs<Arithmetic> inputs;
    int64_t size;
};

template <class Arithmetic>
void decode_with(const Model& model, const Step& step) {
    Barrier barrier;
#ifdef _OPENMP
#pragma omp parallel num_threads(int(step.threads))
    Decoding<Arithmetic>(model, step, {omp_get_thread_num(), omp_get_num_threads(), &barrier}).run();
#else
    Decoding<Arithmetic>(model, step, {0, 1, &barrier}).run();
#endif
}

}  // namespace

extern "C" {

// Return the floats of workspace that a step needs.
int64_t fledge_workspace(const Model* model, const Step* step) {
    return Decoding<Float32>(*model, *step, {0, 1, nullptr}).workspace_size();
}

// Write the logits of every row's next token, and its keys and values into the cache.
void fledge_decode(const Model* model, const Step* step) {
#ifdef HAS_BFLOAT16_PRODUCTS
    if (model->embedding.format == BFLOAT16) return decode_with<BFloat16>(*model, *step);
#endif
#ifdef HAS_INT16_PRODUCTS
    if (model->embedding.format == INT8) return decode_with<Int8>(*model, *step);
#endif
    decode_with<Float32>(*model, *step);
}
}
