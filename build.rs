//! The page's files are part of the program: a file that is added or removed must build it anew.

fn main() {
    println!("cargo:rerun-if-changed=src/web");
}
