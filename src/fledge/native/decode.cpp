// New tokens of several texts through all layers of a GPT, in one call: one of each while they are
// written, many while prompts are read.
//
// The letters are those of `fledge.model.config`: V D L H G d F, T tokens, S slots of the cache.
// `fledge.generate.native_decoder` fills these structures; the torch modules are the oracle of its tests.

#include <atomic>
#include <thread>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "attention.h"
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
    int64_t tokens, longest, threads, outputs;  // longest: slots of the longest text, new ones included
    int64_t is_reading;                         // many tokens of a text at a time
    const int64_t *ids, *rows, *positions;      // of each token; a row's are neighbours, in order
    const int64_t* output_tokens;               // tokens whose logits are wanted
    float *keys, *values;
    int64_t layer_stride, row_stride, group_stride, slot_stride;  // in floats
    float* logits;                                                // outputs × V
    float* workspace;
};
}

namespace {

constexpr int64_t SPAN = 128;    // slots that one task attends to while texts are written
constexpr int64_t BLOCK = 32;    // most tokens of a text that one task attends from
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

struct Block {
    int64_t first, tokens;  // neighbours in one text
};

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
        x = take(s.tokens * m.width);
        heads = take(s.tokens * (m.heads + 2 * m.groups) * m.head_width);
        partial = take(s.tokens * m.heads * spans_of(s.longest) * (m.head_width + 2));
        hidden = take(s.tokens * m.feed_forward_width * (m.is_gated ? 2 : 1));
        wide = take(s.tokens * widest);
        auto values = reinterpret_cast<typename Arithmetic::Input*>(take(s.tokens * padded(widest)));
        inputs = {values, take(s.tokens), s.tokens};
        ending = {values, inputs.scales, s.outputs};
        size = at - s.workspace;
        for (int64_t token = 0; token < s.tokens; ++token) {
            const bool is_next = token > 0 && s.rows[token] == s.rows[token - 1];
            if (is_next && blocks.back().tokens < BLOCK) ++blocks.back().tokens;
            else blocks.push_back({token, 1});
        }
    }

    int64_t workspace_size() const { return size; }

    void run() {
        team.each(s.tokens, [&](int64_t token) { embed(token); });
        for (int64_t layer = 0; layer < m.layers; ++layer) {
            const Layer& l = m.layer[layer];
            team.each(s.tokens, [&](int64_t token) { norm(l.attention_norm, token, inputs, token); });
            multiply(l.query_key_value, inputs, heads, false);
            team.each(s.tokens, [&](int64_t token) { remember(l, layer, token); });
            const int64_t spans = spans_of(s.longest);
            team.each(int64_t(blocks.size()) * m.groups * spans, [&](int64_t task) {
                attend(layer, blocks[task / spans / m.groups], task / spans % m.groups, task % spans);
            });
            team.each(s.tokens, [&](int64_t token) { combine(token); });
            multiply(l.output, inputs, x, true);
            team.each(s.tokens, [&](int64_t token) { norm(l.feed_forward_norm, token, inputs, token); });
            multiply(l.up, inputs, hidden, false);
            team.each(s.tokens, [&](int64_t token) { activate(token); });
            multiply(l.down, inputs, x, true);
        }
        // A head of 8 bits would be widened for nothing.
        if (s.outputs == 0) return;
        team.each(s.outputs, [&](int64_t row) { norm(m.final_norm, s.output_tokens[row], ending, row); });
        multiply(m.head, ending, s.logits, false);
    }

private:
    void multiply(const Matrix& matrix, const Inputs<Arithmetic>& from, float* to, bool adds) {
        team.split(matrix.outputs, TILE, [&](int64_t first, int64_t last) {
            product<Arithmetic>(matrix, from, first, last, to, adds);
        });
    }

    void embed(int64_t token) {
        for (int64_t i = 0; i < m.width; ++i) {
            float& to = x[token * m.width + i];
            to = element(m.embedding, s.ids[token], i);
            if (m.positions.weight) to += element(m.positions, s.positions[token], i);
        }
    }

    void norm(const Norm& norm, int64_t token, Inputs<Arithmetic>& to, int64_t row) {
        float* normed = wide + token * m.width;
        normalise(normed, x + token * m.width, norm, m.width, m.epsilon);
        to.set(row, normed, m.width);
    }

    // Normalise and turn q and k of a token, and put k and v into the cache.
    void remember(const Layer& l, int64_t layer, int64_t token) {
        const int64_t d = m.head_width, position = s.positions[token];
        float* head = heads + token * (m.heads + 2 * m.groups) * d;
        for (int64_t h = 0; h < m.heads + m.groups; ++h, head += d) {
            const Norm& norm = h < m.heads ? l.query_norm : l.key_norm;
            if (norm.weight) normalise(head, head, norm, d, m.epsilon);
            if (m.cosine) rotate(head, m.cosine + position * d, m.sine + position * d, d);
        }
        const float *v = head, *k = head - m.groups * d;
        for (int64_t g = 0; g < m.groups; ++g) {
            const int64_t at = slot(layer, s.rows[token], g, position);
            std::copy_n(k + g * d, d, s.keys + at);
            std::copy_n(v + g * d, d, s.values + at);
        }
    }

    int64_t slot(int64_t layer, int64_t row, int64_t group, int64_t position) const {
        return layer * s.layer_stride + row * s.row_stride + group * s.group_stride +
               position * s.slot_stride;
    }

    int64_t spans_of(int64_t slots) const { return s.is_reading ? 1 : (slots + SPAN - 1) / SPAN; }

    Partial partial_of(int64_t token, int64_t h, int64_t span) const {
        float* at = partial + ((token * m.heads + h) * spans_of(s.longest) + span) * (m.head_width + 2);
        return {at, at + 1, at + 2};
    }

    // Attend from a block's queries of one group to one span of slots, to all of them in a prompt, which
    // has queries enough for all threads.
    void attend(int64_t layer, const Block& block, int64_t g, int64_t span) {
        if (!s.is_reading) attend_to<InPlace>(layer, block, g, span);
        else if (Reading<Arithmetic>::takes(m.head_width))
            attend_to<typename Reading<Arithmetic>::Slots>(layer, block, g, span);
        else attend_to<Turned>(layer, block, g, span);
    }

    template <class Slots>
    void attend_to(int64_t layer, const Block& block, int64_t g, int64_t span) {
        const int64_t d = m.head_width, each = m.heads / m.groups, queries = block.tokens * each;
        int64_t end = s.positions[block.first + block.tokens - 1] + 1;
        if (!s.is_reading) end = std::min((span + 1) * SPAN, end);
        static thread_local Slots slots;
        slots.expect(queries, d);
        for (int64_t q = 0; q < queries; ++q) {
            const int64_t token = block.first + q / each, h = g * each + q % each;
            const Partial p = partial_of(token, h, span);
            *p.largest = -std::numeric_limits<float>::max(), *p.sum = 0;
            std::fill_n(p.mixed, d, 0.0f);
            slots.set_query(q, heads + (token * (m.heads + 2 * m.groups) + h) * d, d);
        }
        constexpr decltype(&Decoding::attend_tile<Slots, 1>) tiles[TILE] = {
            &Decoding::attend_tile<Slots, 1>, &Decoding::attend_tile<Slots, 2>,
            &Decoding::attend_tile<Slots, 3>, &Decoding::attend_tile<Slots, 4>};
        for (int64_t at = span * SPAN; at < end; at += CHUNK) {
            const int64_t from = slot(layer, s.rows[block.first], g, at), count = std::min(CHUNK, end - at);
            slots.set_slots(s.keys + from, s.values + from, s.slot_stride, count, d);
            for (int64_t q = 0; q < queries; q += TILE) {
                const int64_t number = std::min<int64_t>(TILE, queries - q);
                (this->*tiles[number - 1])(slots, block, g, span, q, at, count);
            }
        }
    }

    template <class Slots, int QUERIES>
    void attend_tile(const Slots& slots, const Block& block, int64_t g, int64_t span, int64_t first,
                     int64_t at, int64_t count) {
        const int64_t d = m.head_width, each = m.heads / m.groups;
        const float scale = 1.0f / std::sqrt(float(d));
        float scores[QUERIES][CHUNK], *results[QUERIES];
        slots.template score<QUERIES>(first, d, scores);
        for (int q = 0; q < QUERIES; ++q) {
            const int64_t token = block.first + (first + q) / each, h = g * each + (first + q) % each;
            // A token sees itself and those before it.
            const int64_t seen = std::clamp<int64_t>(s.positions[token] + 1 - at, 0, count);
            for (int64_t i = 0; i < seen; ++i) scores[q][i] *= scale;
            const Partial p = partial_of(token, h, span);
            p.weigh(scores[q], seen, d);
            results[q] = p.mixed;
        }
        slots.template mix<QUERIES>(scores, d, results);
    }

    // Join the spans of each head.
    void combine(int64_t token) {
        const int64_t d = m.head_width, used = spans_of(s.positions[token] + 1);
        float* out = wide + token * m.heads * d;
        for (int64_t h = 0; h < m.heads; ++h) {
            float largest = *partial_of(token, h, 0).largest, sum = 0;
            for (int64_t span = 1; span < used; ++span)
                largest = std::max(largest, *partial_of(token, h, span).largest);
            std::fill_n(out + h * d, d, 0.0f);
            for (int64_t span = 0; span < used; ++span) {
                const Partial p = partial_of(token, h, span);
                const float factor = exponential(*p.largest - largest);
                sum += factor * *p.sum;
                for (int64_t i = 0; i < d; ++i) out[h * d + i] += factor * p.mixed[i];
            }
            for (int64_t i = 0; i < d; ++i) out[h * d + i] /= sum;
        }
        inputs.set(token, out, m.heads * d);
    }

    void activate(int64_t token) {
        const int64_t F = m.feed_forward_width;
        float *h = hidden + token * m.layer->up.outputs, *out = wide + token * F;
        if (m.is_gated)
            for (int64_t i = 0; i < F; ++i) out[i] = h[F + i] * h[i] / (1.0f + exponential(-h[i]));
        else
            for (int64_t i = 0; i < F; ++i) {
                // GELU in its tanh form; ½(1 + tanh z) = 1 / (1 + e⁻²ᶻ).
                const float z = 0.7978845608f * (h[i] + 0.044715f * h[i] * h[i] * h[i]);
                out[i] = h[i] / (1.0f + exponential(-2.0f * z));
            }
        inputs.set(token, out, F);
    }

    const Model& m;
    const Step& s;
    Team team;
    float *x, *heads, *partial, *hidden, *wide;
    Inputs<Arithmetic> inputs, ending;  // ending: those whose logits are wanted, in the same memory
    std::vector<Block> blocks;
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

// Return the bytes of a structure: Model, Layer, Step.
int64_t fledge_size(int64_t structure) {
    return structure == 0 ? sizeof(Model) : structure == 1 ? sizeof(Layer) : sizeof(Step);
}


// Return the floats of workspace that a step needs.
int64_t fledge_workspace(const Model* model, const Step* step) {
    return Decoding<Float32>(*model, *step, {0, 1, nullptr}).workspace_size();
}

// Write the logits of the wanted tokens, and the keys and values of all into the cache.
void fledge_decode(const Model* model, const Step* step) {
    const int64_t format = model->embedding.format;
#ifdef HAS_INT16_PRODUCTS
    if (format == INT8 && !step->is_reading) return decode_with<Int8>(*model, *step);
#endif
#ifdef HAS_BFLOAT16_PRODUCTS
    // For many rows weights of 8 bits are faster widened, once for all of them.
    if (format != FLOAT32) return decode_with<BFloat16>(*model, *step);
#endif
    decode_with<Float32>(*model, *step);
}
}
